#include "FuzzBounds.h"

#include <sanitizer/allocator_interface.h>

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>

namespace fs = std::filesystem;

namespace lethe::fuzz {

namespace {

// One thread fuzzes: no more is counted than its own allocations.
thread_local bool t_counts = false;
thread_local std::int64_t t_live = 0;
thread_local std::int64_t t_most = 0;

void onAllocation(const volatile void *, std::size_t size)
{
    if (!t_counts)
        return;
    t_live += static_cast<std::int64_t>(size);
    if (t_live <= t_most)
        return;
    t_counts = false;
    std::fprintf(stderr, "more than %lld bytes are in use: a reader takes more than its file's size allows\n", static_cast<long long>(t_most));
    std::abort();
}

void onRelease(const volatile void *block)
{
    if (t_counts && block != nullptr)
        t_live -= static_cast<std::int64_t>(__sanitizer_get_allocated_size(block));
}

} // namespace

MemoryBound::MemoryBound(std::size_t inputBytes, std::size_t factor, std::size_t base)
{
    static const bool installed = __sanitizer_install_malloc_and_free_hooks(onAllocation, onRelease) != 0;
    if (!installed) {
        std::fputs("the sanitizer takes no hooks\n", stderr);
        std::abort();
    }
    t_live = 0;
    t_most = static_cast<std::int64_t>(base + factor * inputBytes);
    t_counts = true;
}

MemoryBound::~MemoryBound()
{
    t_counts = false;
}

ScratchFolder::ScratchFolder()
{
    std::error_code none;
    std::string pattern = (fs::is_directory("/dev/shm", none) ? fs::path("/dev/shm") : fs::temp_directory_path()) / "lethe-fuzz-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) {
        std::perror("mkdtemp");
        std::abort();
    }
    m_path = pattern;
}

ScratchFolder::~ScratchFolder()
{
    std::error_code none;
    fs::remove_all(m_path, none);
}

void ScratchFolder::write(std::string_view name, std::string_view content) const
{
    const std::string file = m_path / name;
    const int out = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (out < 0 || ::write(out, content.data(), content.size()) != static_cast<ssize_t>(content.size())) {
        std::perror(file.c_str());
        std::abort();
    }
    ::close(out);
}

void ScratchFolder::remove(std::string_view name) const
{
    ::unlink((m_path / name).c_str());
}

void use(std::uint64_t value)
{
    static volatile std::uint64_t kept;
    kept = kept ^ value;
}

} // namespace lethe::fuzz
