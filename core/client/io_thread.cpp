// Threads by pthread attributes, since std::thread has none.
#include "core/client/io_thread.hpp"

#include <link.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <climits>
#include <exception>
#include <memory>
#include <system_error>
#include <utility>

namespace redoubt::core {

namespace {

using body = std::function<void()>;

void run_body(body* given) noexcept {
    const std::unique_ptr<body> mine(given);
    (*mine)();
}

extern "C" {
static void* redoubt_io_thread(void* given) {
    run_body(static_cast<body*>(given));
    return nullptr;
}
static int redoubt_add_thread_local(dl_phdr_info* module, std::size_t, void* sum) {
    for (int i = 0; i < module->dlpi_phnum; ++i) {
        if (module->dlpi_phdr[i].p_type == PT_TLS) *static_cast<std::size_t*>(sum) += module->dlpi_phdr[i].p_memsz;
    }
    return 0;
}
}

class Attributes {
public:
    Attributes() noexcept { pthread_attr_init(&value_); }
    ~Attributes() { pthread_attr_destroy(&value_); }
    Attributes(const Attributes&) = delete;
    Attributes& operator=(const Attributes&) = delete;
    pthread_attr_t* get() noexcept { return &value_; }

private:
    pthread_attr_t value_;
};

std::size_t whole_pages(std::size_t bytes) noexcept {
    const auto page = static_cast<std::size_t>(std::max(::sysconf(_SC_PAGESIZE), 4096L));
    return (bytes + page - 1) / page * page;
}

}  // namespace

std::size_t stack_size_for(std::size_t wanted, std::size_t thread_local_bytes) noexcept {
    if (wanted == 0) return 0;
    return whole_pages(std::max(wanted, wanted / 2 + thread_local_bytes));
}

std::size_t thread_local_bytes() noexcept {
    std::size_t sum = 0;
    dl_iterate_phdr(redoubt_add_thread_local, &sum);
    return sum;
}

IoThread::IoThread(std::size_t stack_bytes, std::function<void()> run) {
    Attributes attributes;
    if (const auto size = stack_size_for(stack_bytes, thread_local_bytes()); size != 0) {
        // A size that the system refuses leaves its default: a larger stack is no reason not to run.
        (void)pthread_attr_setstacksize(attributes.get(), size);
    }
    auto mine = std::make_unique<body>(std::move(run));
    const int failed = pthread_create(&id_, attributes.get(), redoubt_io_thread, mine.get());
    if (failed != 0) throw std::system_error(failed, std::system_category(), "no thread for the client");
    (void)mine.release();  // the thread's
    running_ = true;
}

IoThread::IoThread(IoThread&& other) noexcept : id_(other.id_), running_(std::exchange(other.running_, false)) {}

IoThread& IoThread::operator=(IoThread&& other) noexcept {
    if (running_) std::terminate();
    id_ = other.id_;
    running_ = std::exchange(other.running_, false);
    return *this;
}

IoThread::~IoThread() {
    if (running_) std::terminate();
}

void IoThread::join() noexcept {
    assert(running_);
    pthread_join(id_, nullptr);
    running_ = false;
}

void IoThread::detach() noexcept {
    assert(running_);
    pthread_detach(id_);
    running_ = false;
}

}  // namespace redoubt::core
