// The decoder's loop around hiredis' reader, and the hooks through which the reader builds a flat reply.
//
// What the reader would do by itself, and is kept from doing here:
// - it moves its whole buffer after each KiB consumed: it is fed slices of 2 KiB;
// - it searches an unfinished line from its start at every call: it is not called before the end of the line is there;
// - it announces a bulk string only when all of it has arrived: its header is examined as soon as it is there;
// - it accepts a bulk string whose terminator is wrong: the hook looks at the two bytes behind the string;
// - it counts some positions in int: nothing larger than 1 GiB is let in.
#include "core/protocol/decoder.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <utility>

#include <hiredis/read.h>

#include "core/protocol/reply_builder.hpp"

namespace redoubt::core {

namespace {

constexpr std::size_t slice_bytes = 2048;
constexpr std::size_t buffer_kept_max = 64 * 1024;  // a reader that has buffered more is replaced when it is empty
constexpr std::size_t spare_kept_max = 16 * 1024;   // the same between two windows

// The reader that no decoder of this thread needs at present. A pointer without a destructor, so that it may be used
// to the very end of the thread; its guard frees it before.
constinit thread_local redisReader* spare = nullptr;
constinit thread_local bool thread_ends = false;
struct SpareGuard {
    ~SpareGuard() {
        thread_ends = true;
        if (auto* const mine = std::exchange(spare, nullptr)) redisReaderFree(mine);
    }
};

redisReader* take_spare() noexcept { return std::exchange(spare, nullptr); }

// Null: kept.
redisReader* keep_spare(redisReader* r) noexcept {
    if (spare != nullptr || thread_ends) return r;
    static thread_local const SpareGuard guard;
    (void)guard;
    spare = r;
    return nullptr;
}

reply_limits sane(reply_limits l) {
    l.bulk_bytes_max = std::clamp<std::size_t>(l.bulk_bytes_max, 1, std::size_t{1} << 30);
    l.line_bytes_max = std::clamp<std::size_t>(l.line_bytes_max, 64, std::size_t{16} << 20);
    l.nodes_max = std::clamp<std::uint32_t>(l.nodes_max, 1, std::uint32_t{1} << 28);
    l.depth_max = std::clamp<std::uint32_t>(l.depth_max, 1, 8);
    l.text_bytes_max = std::clamp<std::size_t>(l.text_bytes_max, 1, std::size_t{3} << 30);
    return l;
}

std::string over_limit(std::string_view what, std::uint64_t is, std::uint64_t limit, std::string_view name) {
    std::string text{what};
    text += " of ";
    text += std::to_string(is);
    text += " exceeds the limit of ";
    text += std::to_string(limit);
    text += " (reply_limits::";
    text += name;
    text += ')';
    return text;
}

std::string line_over_limit(const reply_limits& limits) {
    return "line of more than " + std::to_string(limits.line_bytes_max) +
           " bytes exceeds the limit (reply_limits::line_bytes_max)";
}

reply_type type_of(int reader_type) noexcept {
    switch (reader_type) {
        case REDIS_REPLY_STATUS: return reply_type::status;
        case REDIS_REPLY_ERROR: return reply_type::error;
        default: return reply_type::string;
    }
}

}  // namespace

// Called by C code: nothing may be thrown, and a null pointer makes the reader stop.
struct DecoderHooks {
    static Decoder& decoder(const redisReadTask* task) noexcept { return *static_cast<Decoder*>(task->privdata); }

    static void* string(const redisReadTask* task, char* bytes, std::size_t size) noexcept {
        Decoder& d = decoder(task);
        const auto& limits = d.limits_;
        if (task->type == REDIS_REPLY_STRING) {
            if (size > limits.bulk_bytes_max) return refuse_bulk(d, size);
            if (bytes[size] != '\r' || bytes[size + 1] != '\n')
                return malformed(d, "bulk string without its terminator");
        } else if (size > limits.line_bytes_max) {
            return refuse(d, [&] { return line_over_limit(limits); });
        }
        ReplyBuilder builder{*d.target_};
        if (const auto all = builder.text_bytes() + size; all > limits.text_bytes_max) {
            return refuse(d, [&] { return over_limit("text bytes", all, limits.text_bytes_max, "text_bytes_max"); });
        }
        if (!count(d, task, 0)) return nullptr;
        if (!builder.text(type_of(task->type), bytes, size)) return no_memory(d);
        return leaf(d, task);
    }

    static void* integer(const redisReadTask* task, long long value) noexcept {
        return number(task, reply_type::integer, value);
    }

    static void* nil(const redisReadTask* task) noexcept { return number(task, reply_type::nil, 0); }

    // Costs one node, whatever the number of children announced.
    static void* array(const redisReadTask* task, int children) noexcept {
        Decoder& d = decoder(task);
        std::uint32_t depth = 1;
        for (const redisReadTask* t = task->parent; t != nullptr; t = t->parent) ++depth;
        if (depth > d.limits_.depth_max) {
            return refuse(d, [&] { return over_limit("nesting", depth, d.limits_.depth_max, "depth_max"); });
        }
        if (!count(d, task, static_cast<std::uint32_t>(children))) return nullptr;
        ReplyBuilder builder{*d.target_};
        const std::uint32_t index = builder.node_count();
        if (!builder.open(reply_type::array, static_cast<std::uint32_t>(children))) return no_memory(d);
        if (children == 0) return leaf(d, task);
        return handle(index);
    }

    static void free(void*) noexcept {}  // the reader owns nothing

    static bool refuse_size(Decoder& d, std::uint64_t size) noexcept {
        refuse_bulk(d, size);
        return false;
    }

private:
    // The reader keeps one pointer for each open array: it is the array's index, as null would mean failure.
    static void* handle(std::uint32_t index) noexcept { return reinterpret_cast<void*>(std::uintptr_t{index} + 1); }
    static std::uint32_t index_of(const redisReadTask* task) noexcept {
        return static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(task->obj) - 1);
    }

    static void* number(const redisReadTask* task, reply_type type, std::int64_t value) noexcept {
        Decoder& d = decoder(task);
        if (!count(d, task, 0)) return nullptr;
        if (!ReplyBuilder{*d.target_}.number(type, value)) return no_memory(d);
        return leaf(d, task);
    }

    // Counts the root and announced children, so that a too large array is refused at its header.
    static bool count(Decoder& d, const redisReadTask* task, std::uint32_t children) noexcept {
        if (task->parent == nullptr) d.announced_ = 1;
        d.announced_ += children;
        if (d.announced_ <= d.limits_.nodes_max) [[likely]]
            return true;
        refuse(d, [&] { return over_limit("number of values", d.announced_, d.limits_.nodes_max, "nodes_max"); });
        return false;
    }

    // A value without children has been appended: closes the arrays of which it is the last.
    static void* leaf(Decoder& d, const redisReadTask* task) noexcept {
        for (; task->parent != nullptr && task->idx == task->parent->elements - 1; task = task->parent) {
            ReplyBuilder{*d.target_}.close(index_of(task->parent));
        }
        return handle(0);
    }

    template <class Text> static void* refuse(Decoder& d, Text text, errc kind = errc::reply_limit) noexcept {
        d.failed_ = true;
        d.error_kind_ = kind;
        try {
            d.error_ = text();
        } catch (...) {
            d.error_.clear();  // no memory for the text
        }
        return nullptr;
    }
    static void* refuse_bulk(Decoder& d, std::uint64_t size) noexcept {
        return refuse(d, [&] { return over_limit("bulk string", size, d.limits_.bulk_bytes_max, "bulk_bytes_max"); });
    }
    static void* malformed(Decoder& d, const char* what) noexcept {
        return refuse(
            d, [&] { return std::string{"malformed reply: "} + what; }, errc::protocol_error);
    }
    static void* no_memory(Decoder& d) noexcept {
        return refuse(d, [] { return std::string{"out of memory for a reply"}; });
    }
};

namespace {

redisReplyObjectFunctions functions{DecoderHooks::string, DecoderHooks::array, DecoderHooks::integer, DecoderHooks::nil,
                                    DecoderHooks::free};

}  // namespace

void Decoder::FreeReader::operator()(redisReader* r) const noexcept { redisReaderFree(r); }

Decoder::Decoder(const reply_limits& limits) : limits_{sane(limits)} {}
Decoder::~Decoder() = default;

void Decoder::supply(std::string_view window) {
    if (failed_) return;
    if (!window_.empty()) {
        if (!feed(window_.size())) return;
        waiting_ = wait::nothing;  // not examined: let the reader look
    }
    window_ = window;
}

Decoder::step Decoder::next(reply& out) {
    out.clear();
    if (failed_) return step::failed;
    if (!unfinished_.is_nil()) out = std::move(unfinished_);
    target_ = &out;
    for (;;) {
        const bool worth_asking = reader_ && waiting_ == wait::nothing && reader_->pos != reader_->len;
        if (worth_asking) {
            void* done = nullptr;
            if (redisReaderGetReply(reader_.get(), &done) != REDIS_OK) {
                if (!failed_) fail_as_reader_says();
                return stop(out);
            }
            if (done != nullptr) {
                if (buffer_peak_ > buffer_kept_max && reader_->pos == reader_->len) reader_.reset();
                return step::reply;
            }
            if (!examine_pending()) return stop(out);
        }
        if (window_.empty()) {
            if (ReplyBuilder{out}.node_count() != 0) unfinished_ = std::move(out);
            if (reader_ && !partial()) give_back();
            return step::need_more;
        }
        if (!feed_more()) return stop(out);
    }
}

Decoder::step Decoder::stop(reply& out) {
    out.clear();
    window_ = {};
    reader_.reset();
    return step::failed;
}

// The reader stopped in the middle of something: decides what it lacks, and refuses what must not be waited for.
bool Decoder::examine_pending() {
    const redisReader& r = *reader_;
    waiting_ = wait::nothing;
    if (r.ridx < 0 || r.rstack[r.ridx].type < 0) return true;
    const std::string_view pending{r.buf + r.pos, r.len - r.pos};
    const bool bulk = r.rstack[r.ridx].type == REDIS_REPLY_STRING;
    const auto line_end = bulk ? pending.find("\r\n") : std::string_view::npos;
    if (line_end == std::string_view::npos) {
        waiting_ = wait::line;
        if (pending.size() <= limits_.line_bytes_max + 1) return true;  // + 1: the carriage return
        fail(errc::reply_limit, line_over_limit(limits_));
        return false;
    }
    std::uint64_t size = 0;  // the reader has checked the digits
    std::from_chars(pending.data(), pending.data() + line_end, size);
    if (size > limits_.bulk_bytes_max) return DecoderHooks::refuse_size(*this, size);
    waiting_ = wait::bytes;
    missing_ = line_end + 2 + static_cast<std::size_t>(size) + 2 - pending.size();
    return true;
}

// Feeds the next part of the window and decides whether the reader can go on.
bool Decoder::feed_more() {
    if (!ensure_reader()) return false;
    if (waiting_ == wait::bytes) {
        // Exactly to the end of the bulk string, in one piece: nothing is left to be moved.
        const auto part = std::min(missing_, window_.size());
        if (!feed(part)) return false;
        missing_ -= part;
        if (missing_ == 0) waiting_ = wait::nothing;
        return true;
    }
    const auto part = window_.substr(0, slice_bytes);
    if (waiting_ == wait::line) {
        // The end of the line may be cut in two.
        const bool held = reader_->len > reader_->pos;
        const bool halved = held && reader_->buf[reader_->len - 1] == '\r' && part.front() == '\n';
        const bool ended = halved || part.find("\r\n") != std::string_view::npos;
        if (ended) waiting_ = wait::nothing;
    }
    if (!feed(part.size())) return false;
    if (waiting_ == wait::line && reader_->len - reader_->pos > limits_.line_bytes_max + 1) {
        fail(errc::reply_limit, line_over_limit(limits_));
        return false;
    }
    return true;
}

bool Decoder::feed(std::size_t bytes) {
    if (!ensure_reader()) return false;
    if (redisReaderFeed(reader_.get(), window_.data(), bytes) != REDIS_OK) {
        fail(errc::reply_limit, "out of memory for a reply");
        return false;
    }
    window_.remove_prefix(bytes);
    buffer_peak_ = std::max(buffer_peak_, reader_->len);
    return true;
}

// Between two windows the reader serves the other connections of this thread.
void Decoder::give_back() noexcept {
    waiting_ = wait::nothing;
    if (buffer_peak_ <= spare_kept_max) reader_.reset(keep_spare(reader_.release()));
    reader_.reset();
}

bool Decoder::ensure_reader() {
    if (reader_) return true;
    reader_.reset(take_spare());
    if (!reader_) reader_.reset(redisReaderCreateWithFunctions(&functions));
    if (!reader_) {
        fail(errc::reply_limit, "out of memory for a reply");
        return false;
    }
    reader_->maxbuf = 0;  // or it would give its buffer back, and allocate it again, all the time
    reader_->privdata = this;
    buffer_peak_ = 0;
    return true;
}

void Decoder::fail(errc kind, std::string text) {
    failed_ = true;
    error_kind_ = kind;
    error_ = std::move(text);
}

// The reader's texts are kept; the first byte often tells who is really speaking.
void Decoder::fail_as_reader_says() {
    const std::string_view said{reader_->errstr};
    std::string text;
    errc kind = errc::protocol_error;
    if (said.starts_with("Protocol error, got")) {
        text = "malformed reply: " + std::string{said.substr(16)};
        if (said.find("\"H\"") != said.npos) text += " (is this a web server?)";
        if (said.find("\"\\x15\"") != said.npos || said.find("\"\\x16\"") != said.npos)
            text += " (does this port speak TLS?)";
    } else if (said.starts_with("No support for nested")) {
        kind = errc::reply_limit;
        text = over_limit("nesting", 9, 8, "depth_max");
    } else {
        text = "malformed reply: " + std::string{said};
    }
    fail(kind, std::move(text));
}

bool Decoder::partial() const noexcept {
    if (failed_ || !reader_) return false;
    if (reader_->pos != reader_->len) return true;
    return reader_->ridx > 0 || (reader_->ridx == 0 && reader_->rstack[0].type >= 0);
}

std::size_t Decoder::held_bytes() const noexcept {
    return unfinished_.heap_bytes() + (reader_ ? reader_->len - reader_->pos : 0);
}

void Decoder::trim() noexcept {
    if (partial()) return;
    reader_.reset();
    waiting_ = wait::nothing;
}

void Decoder::reset() noexcept {
    reader_.reset();
    window_ = {};
    unfinished_.clear();
    unfinished_ = {};
    waiting_ = wait::nothing;
    missing_ = 0;
    announced_ = 0;
    failed_ = false;
    error_.clear();
    error_.shrink_to_fit();
}

}  // namespace redoubt::core
