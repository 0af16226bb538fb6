// What is read out of /proc.
#include "bench/proc_text.hpp"

#include <gtest/gtest.h>

namespace redoubt::bench {
namespace {

TEST(ProcText, SumsLinesOfOneName) {
    const auto* const text =
        "Rss:                 100 kB\nPss:   7 kB\nPrivate_Clean:  3 kB\nPrivate_Dirty:  40 kB\nRss:  1 kB";
    EXPECT_EQ(sum_of_lines(text, "Rss"), 101 * 1'024);
    EXPECT_EQ(sum_of_lines(text, "Private_Dirty"), 40 * 1'024);
    EXPECT_EQ(sum_of_lines(text, "Private"), 0);
    EXPECT_EQ(sum_of_lines("Rss:\n", "Rss"), 0);
}

TEST(ProcText, FindsACounterOfItsGroup) {
    const auto* const text =
        "TcpExt: SyncookiesSent TCPSynRetrans TCPOrig\nTcpExt: 0 17 3\nIpExt: InOctets TCPSynRetrans\nIpExt: 5 6\n";
    EXPECT_EQ(netstat_counter(text, "TcpExt", "TCPSynRetrans"), 17);
    EXPECT_EQ(netstat_counter(text, "IpExt", "TCPSynRetrans"), 6);
    EXPECT_EQ(netstat_counter(text, "TcpExt", "Missing"), -1);
    EXPECT_EQ(netstat_counter("", "TcpExt", "TCPSynRetrans"), -1);
}

}  // namespace
}  // namespace redoubt::bench
