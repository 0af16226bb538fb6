// The public handles: Client and Lease.
#include <redoubt/client.hpp>

#include <boost/system/system_error.hpp>
#include <new>

#include "core/client/client_handle.hpp"
#include "core/pool/verdicts.hpp"

namespace redoubt {

namespace detail {

bool run(client_handle* handle, const command_base& command, const call_options& call, reply& value,
         error& failure) noexcept {
    if (handle == nullptr) return failure = error(errc::closed), false;
    if (auto* const line = handle->line()) return handle->core().run_on(*line, command, call, value, failure);
    return handle->core().run(command, call, value, failure);
}

client_handle::~client_handle() {
    if (!line_) {
        core_->abandon();
    } else if (!core_->foreign()) {
        line_->end();
    } else if (auto* const grave = new (std::nothrow) std::shared_ptr<core::DedicatedLine>) {
        *grave = line_;  // a child of fork(): lock and connection are its parent's
    }
}

client_handle* handle_of(const Client& client) noexcept { return client.handle_.get(); }

error reading_failed(error why) noexcept {
    return why.with_fate(fate::answered).with_phase(phase::reply).with_partial(true);
}

}  // namespace detail

result<Client> Client::open(const options& o) {
    BOOST_OUTCOME_TRYV(validate(o));
    // Descriptors, threads and memory can run out: that is an error like any other.
    std::error_code cause = std::make_error_code(std::errc::not_enough_memory);
    std::string what;
    try {
        return Client(std::make_shared<detail::client_handle>(core::ClientCore::open(o)));
    } catch (const boost::system::system_error& e) {
        cause = e.code();
        what = e.what();
    } catch (const std::system_error& e) {
        cause = e.code();
        what = e.what();
    } catch (const std::bad_alloc&) {
        what = "no memory";
    }
    return error(errc::no_resources, fate::not_applied, phase::none, {.text = what, .cause = cause});
}

result<Client> Client::open(std::string_view url) {
    BOOST_OUTCOME_TRY(const auto o, options::from_url(url));
    return open(o);
}

Client Client::with(const call_options& call) const {
    Client other(*this);
    other.call_ = call;
    return other;
}

result<Lease> Client::lease() const {
    if (!handle_) return errc::closed;
    auto& core = handle_->core();
    if (core.foreign()) return errc::forked;
    if (core.reactor().on_thread()) return errc::would_deadlock;
    BOOST_OUTCOME_TRY(auto* const connection, core.pool().acquire_lease(core.deadline_ns(call_)));
    Lease lease;
    lease.handle_ = detail::client_handle::origin_of(handle_);
    lease.connection_ = connection;
    lease.call_ = call_;
    return lease;
}

result<Client> Client::dedicated() const {
    if (!handle_) return errc::closed;
    BOOST_OUTCOME_TRY(auto line, handle_->core().make_line());
    Client own(std::make_shared<detail::client_handle>(detail::client_handle::origin_of(handle_), std::move(line)));
    own.call_ = call_;
    return own;
}

result<void> Client::ready(call_deadline deadline) const {
    if (!handle_) return errc::closed;
    auto& core = handle_->core();
    return core.ready(core.deadline_ns({.deadline = deadline.is_set() ? deadline : call_.deadline}));
}

result<void> Client::close(call_deadline deadline) const {
    if (!handle_) return ok();
    auto& core = handle_->core();
    const auto until = core.deadline_ns({.deadline = deadline.is_set() ? deadline : call_.deadline});
    if (auto* const line = handle_->line()) return core.close_line(*line, until);
    return core.close(until);
}

std::string Client::describe() const {
    if (!handle_) return "closed";
    auto& core = handle_->core();
    if (core.foreign()) return "of the parent process";  // its locks may be held for ever
    const auto* const line = handle_->line();
    return line != nullptr ? core.describe(*line) : core.describe();
}

client_stats Client::stats() const {
    if (!handle_ || handle_->core().foreign()) return {};
    auto s = handle_->core().stats();
    if (const auto* const line = handle_->line()) s.closed = s.closed || line->closed();
    return s;
}

// -- Lease --

Lease::Lease(Lease&& other) noexcept
    : handle_(std::move(other.handle_)),
      connection_(std::exchange(other.connection_, nullptr)),
      call_(other.call_),
      state_changed_(other.state_changed_) {}

Lease& Lease::operator=(Lease&& other) noexcept {
    if (this == &other) return *this;
    give_back();
    handle_ = std::move(other.handle_);
    connection_ = std::exchange(other.connection_, nullptr);
    call_ = other.call_;
    state_changed_ = other.state_changed_;
    return *this;
}

void Lease::give_back() noexcept {
    if (connection_ == nullptr) return;
    if (handle_->core().foreign()) {
        connection_ = nullptr;
        return handle_.reset();
    }
    using state = core::Pool::give_back;
    handle_->core().pool().release_lease(*std::exchange(connection_, nullptr),
                                         state_changed_ ? state::used_up : state::reusable);
    handle_.reset();
}

bool Lease::run_erased(const command_base& command, reply& value, error& failure) noexcept {
    if (connection_ == nullptr) return failure = error(errc::closed), false;
    state_changed_ = state_changed_ || has(command.flags(), command_flag::connection_state);
    if (handle_->core().run_on(*connection_, command, call_, value, failure)) return true;
    const auto verdict = core::judge_lease(failure);
    if (verdict == core::lease_verdict::close) connection_->fail(core::closed_by_its_server(failure));
    state_changed_ = state_changed_ || verdict != core::lease_verdict::keep;
    return false;
}

}  // namespace redoubt
