// Errors: shared details, categories, and the sentence that tells a person what to do.
#include <redoubt/error.hpp>
#include <redoubt/result.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <new>
#include <stdexcept>

#include "resilience/error_text.hpp"

namespace redoubt {

struct error::shared : error_details {
    explicit shared(error_details&& d) noexcept : error_details(std::move(d)) {}
    std::atomic<std::uint32_t> owners{1};
};

error::error(errc code, redoubt::fate f, redoubt::phase p, error_details details) noexcept
    : code_(code), fate_(f), phase_(p), details_(new (std::nothrow) shared(std::move(details))) {}

error::error(const error& other) noexcept
    : code_(other.code_),
      fate_(other.fate_),
      phase_(other.phase_),
      attempts_(other.attempts_),
      flags_(other.flags_),
      details_(other.details_) {
    if (details_ != nullptr) details_->owners.fetch_add(1, std::memory_order_relaxed);
}

error::error(error&& other) noexcept
    : code_(other.code_),
      fate_(other.fate_),
      phase_(other.phase_),
      attempts_(other.attempts_),
      flags_(other.flags_),
      details_(std::exchange(other.details_, nullptr)) {}

error& error::operator=(error other) noexcept {
    code_ = other.code_;
    fate_ = other.fate_;
    phase_ = other.phase_;
    attempts_ = other.attempts_;
    flags_ = other.flags_;
    std::swap(details_, other.details_);
    return *this;
}

error::~error() {
    if (details_ != nullptr && details_->owners.fetch_sub(1, std::memory_order_acq_rel) == 1) delete details_;
}

std::string_view error::node() const noexcept { return details_ != nullptr ? details_->node : std::string_view{}; }
std::string_view error::text() const noexcept { return details_ != nullptr ? details_->text : std::string_view{}; }
std::error_code error::cause() const noexcept { return details_ != nullptr ? details_->cause : std::error_code{}; }
std::chrono::nanoseconds error::retry_after() const noexcept {
    return details_ != nullptr ? details_->retry_after : std::chrono::nanoseconds{};
}

error& error::with_attempts(unsigned n) noexcept {
    attempts_ = static_cast<std::uint16_t>(std::min(n, 0xffffU));
    return *this;
}

error& error::with_details_of(const error& other) noexcept {
    error copy(other);
    std::swap(details_, copy.details_);
    return *this;
}

bool error::safe_to_retry() const noexcept {
    if (resilience::is_usage_error(code_)) return false;
    switch (fate_) {
        case fate::not_applied: return true;
        case fate::unknown: return (flags_ & flag_read_only) != 0;
        case fate::answered: return false;
    }
    return false;
}

std::string error::message() const {
    std::string out(resilience::headline(code_));
    const auto add = [&out](std::string_view before, std::string_view what) {
        if (!what.empty()) out.append(before).append(what);
    };
    add(": ", text());
    if (cause()) add(": ", cause().message());
    add(" [node ", node());
    if (!node().empty()) out += ']';
    if (phase_ != phase::none) add("; phase ", to_string(phase_));
    if (attempts_ != 0) add("; attempt ", std::to_string(attempts_));
    add("; ", resilience::fate_sentence(fate_, partial()));
    if (retry_after().count() > 0) {
        const auto ms = std::chrono::ceil<std::chrono::milliseconds>(retry_after()).count();
        add("; try again in ", std::to_string(ms) + " ms");
    }
    if (budget_exhausted()) out += "; the retry budget is exhausted";
    add("; ", resilience::remedy(code_));
    return out;
}

exception::exception(redoubt::error e) : std::system_error(e.code()), error_(std::move(e)), what_(error_.message()) {}

namespace detail {
void throw_error(const error& e) { throw exception(e); }
void throw_no_error() { throw std::logic_error("redoubt::result: error() of a success"); }
}  // namespace detail

std::string_view to_string(fate f) noexcept {
    constexpr std::array<std::string_view, 3> names{"not_applied", "unknown", "answered"};
    return names.at(static_cast<std::size_t>(f));
}

std::string_view to_string(phase p) noexcept {
    constexpr std::array<std::string_view, 8> names{"none",  "limiter", "backoff", "dial",
                                                    "lease", "queue",   "sent",    "reply"};
    return names.at(static_cast<std::size_t>(p));
}

}  // namespace redoubt
