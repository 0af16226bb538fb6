// Who lives on connections of the pool without being a call: subscribers.
#pragma once

namespace redoubt::core {

/// The pool knows its guests through weak pointers only: it neither keeps them alive nor has to be told when they go.
class PoolGuest {
public:
    virtual ~PoolGuest() = default;
    /// The pool ends; its connections will be closed after this. I/O thread.
    virtual void on_pool_closing() noexcept = 0;
};

}  // namespace redoubt::core
