// A layer made of expectations, and what it may answer.
#pragma once

#include <gmock/gmock.h>

#include <string>

#include "core/stack/layer.hpp"

namespace redoubt::test {

class MockLayer : public core::Layer {
public:
    MOCK_METHOD(void, start, (core::Operation&), (noexcept, override));
    MOCK_METHOD(bool, cancel, (core::Operation&, errc), (noexcept, override));
    MOCK_METHOD(std::string, describe, (), (const, override));

    /// Keeps operations as a connection does, until the test or cancel() ends them.
    void hold(core::Operation& op) noexcept { op.holder.store(this, std::memory_order_release); }
};

/// The operation succeeds at once with this text.
inline auto Reply(std::string text) {
    return [text](core::Operation& op) {
        op.holder.store(nullptr, std::memory_order_release);
        op.succeed(reply::string(text));
    };
}

/// The operation fails at once.
inline auto Fail(error why) {
    return [why](core::Operation& op) {
        op.holder.store(nullptr, std::memory_order_release);
        op.fail(why);
    };
}

/// cancel() of a layer that holds the operation.
inline auto TakeBack(redoubt::fate f, redoubt::phase p) {
    return [f, p](core::Operation& op, errc reason) {
        op.holder.store(nullptr, std::memory_order_release);
        op.fail(error(reason, f, p));
        return true;
    };
}

}  // namespace redoubt::test
