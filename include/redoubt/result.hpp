// A value or a `redoubt::error`, on Boost.Outcome.
#pragma once

#include <boost/outcome/basic_result.hpp>
#include <boost/outcome/try.hpp>
#include <memory>
#include <optional>
#include <redoubt/error.hpp>
#include <type_traits>
#include <utility>

namespace redoubt {

namespace detail {

[[noreturn]] void throw_error(const error& e);
[[noreturn]] void throw_no_error();

/// `value()` of a failure throws `redoubt::exception`; `error()` of a success throws std::logic_error.
struct result_policy : boost::outcome_v2::policy::base {
    template <class Impl> static constexpr void wide_value_check(Impl&& self) {
        if (!base::_has_value(std::forward<Impl>(self))) throw_error(base::_error(std::forward<Impl>(self)));
    }
    template <class Impl> static constexpr void wide_error_check(Impl&& self) {
        if (!base::_has_error(std::forward<Impl>(self))) throw_no_error();
    }
};

template <class T> using result_base = boost::outcome_v2::basic_result<T, error, result_policy>;

}  // namespace detail

/// Success with a T, or an error. Test it, then `*r` or `r->`; `r.value()` throws `redoubt::exception` on failure.
/// A moved-from or default constructed result holds `errc::closed`. BOOST_OUTCOME_TRY works.
template <class T> class [[nodiscard]] result : public detail::result_base<T> {
    using base = detail::result_base<T>;

public:
    using base::base;
    result() noexcept : base(redoubt::error(errc::closed)) {}
    result(errc code) noexcept : base(redoubt::error(code)) {}

    /// Preconditions: holds a value.
    T& operator*() & noexcept { return this->assume_value(); }
    const T& operator*() const& noexcept { return this->assume_value(); }
    T&& operator*() && noexcept { return std::move(this->assume_value()); }
    T* operator->() noexcept { return std::addressof(this->assume_value()); }
    const T* operator->() const noexcept { return std::addressof(this->assume_value()); }
};

template <> class [[nodiscard]] result<void> : public detail::result_base<void> {
    using base = detail::result_base<void>;

public:
    using base::base;
    result() noexcept : base(redoubt::error(errc::closed)) {}
    result(errc code) noexcept : base(redoubt::error(code)) {}
};

/// The success of a result<void>.
inline auto ok() noexcept { return boost::outcome_v2::success(); }

/// The value, or `otherwise` when the call failed.
template <class T, class U> T value_or(result<T> r, U&& otherwise) {
    return r ? *std::move(r) : static_cast<T>(std::forward<U>(otherwise));
}

/// The value, or `otherwise` when the key does not exist and when the call failed.
template <class T, class U> T value_or(result<std::optional<T>> r, U&& otherwise) {
    return r && *r ? *std::move(*r) : static_cast<T>(std::forward<U>(otherwise));
}

}  // namespace redoubt
