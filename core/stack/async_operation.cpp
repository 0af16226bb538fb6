// Asynchronous operations, and the cache that recycles their blocks.
#include "core/stack/async_operation.hpp"

#include <array>
#include <boost/asio/post.hpp>
#include <boost/asio/system_executor.hpp>
#include <new>
#include <thread>
#include <utility>

#include "core/stack/layer.hpp"
#include "core/stack/reactor.hpp"

namespace redoubt::core {

namespace {

// Blocks in steps of 64 bytes. What a peak has freed beyond `kept_bytes_max` goes back to the heap.
class BlockCache {
public:
    static constexpr std::size_t step = 64;
    static constexpr std::size_t classes = 64;
    static constexpr std::size_t kept_bytes_max = std::size_t{1} << 20;

    static std::size_t round_up(std::size_t size) noexcept { return (size + step - 1) / step * step; }

    void* take(std::size_t size) {
        const auto c = size / step;
        if (c < classes && heads_[c] != nullptr) {
            kept_bytes_ -= size;
            return std::exchange(heads_[c], heads_[c]->next);
        }
        return ::operator new(size);
    }
    void give(void* block, std::size_t size) noexcept {
        const auto c = size / step;
        if (c >= classes || kept_bytes_ + size > kept_bytes_max) return ::operator delete(block);
        heads_[c] = new (block) free_block{heads_[c]};
        kept_bytes_ += size;
    }
    ~BlockCache() {
        for (auto* head : heads_) {
            while (head != nullptr) ::operator delete(std::exchange(head, head->next));
        }
    }

private:
    struct free_block {
        free_block* next;
    };
    std::array<free_block*, classes> heads_{};
    std::size_t kept_bytes_ = 0;
};

thread_local BlockCache blocks;

constexpr std::size_t aligned(std::size_t n) noexcept {
    constexpr auto unit = alignof(std::max_align_t);
    return (n + unit - 1) / unit * unit;
}

}  // namespace

const std::size_t AsyncOperation::extra_offset = aligned(sizeof(AsyncOperation));

AsyncOperation& AsyncOperation::create(Reactor& home, std::size_t extra) {
    const auto size = BlockCache::round_up(extra_offset + extra);
    return *new (blocks.take(size)) AsyncOperation(home, size);
}

void AsyncOperation::destroy() noexcept {
    const auto size = block_;
    this->~AsyncOperation();
    blocks.give(this, size);
}

void AsyncOperation::launch(Layer& layer) noexcept {
    initiating_ = true;
    layer.start(*this);
    initiating_ = false;
    if (deferred_) reactor->resume(*this);
}

void AsyncOperation::fail_later(error why) noexcept {
    set_failure(std::move(why));
    reactor->resume(*this);  // nothing to resume at: completes
}

void AsyncOperation::fail_elsewhere(error why, std::shared_ptr<const void> client) noexcept {
    set_failure(std::move(why));
    if (link) std::exchange(link, nullptr)->operation = nullptr;  // before anybody could ask to cancel it
    // In a child of fork() the threads of that executor may be its parent's.
    if (failure() == errc::forked) return std::thread([this, client] { finished(); }).detach();
    boost::asio::post(boost::asio::system_executor(), [this, client = std::move(client)] { finished(); });
}

void AsyncOperation::finished() noexcept {
    if (initiating_) {
        deferred_ = true;
        return;
    }
    if (link) std::exchange(link, nullptr)->operation = nullptr;
    deliver(extra(), detail::call_outcome(*this));
}

}  // namespace redoubt::core

namespace redoubt::detail {

bool call_outcome::failed() const noexcept { return op_->failed(); }
error& call_outcome::failure() noexcept { return op_->failure(); }
reply& call_outcome::value() noexcept { return op_->value(); }
void call_outcome::release() noexcept { op_->destroy(); }

}  // namespace redoubt::detail
