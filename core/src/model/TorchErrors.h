#pragma once

#include <lethe/base/Device.h>
#include <lethe/base/Result.h>

#include <c10/util/Exception.h>

#include <exception>
#include <string>
#include <type_traits>

namespace lethe {

/// What LibTorch threw, as an Error: memory with what is free, the accelerator by its own words.
inline Error fromTorch(const std::exception &exception, const std::string &device, const std::string &where)
{
    const std::string words = exception.what();
    const std::string first = words.substr(0, words.find('\n'));
    const bool memory = dynamic_cast<const c10::OutOfMemoryError *>(&exception) != nullptr || dynamic_cast<const std::bad_alloc *>(&exception) != nullptr
        || words.find("not enough memory") != std::string::npos || words.find("can't allocate memory") != std::string::npos;
    if (memory) {
        const MemoryNow now = memoryNow(device);
        return {.code = ErrorCode::OutOfMemory,
                .what = "Out of memory on " + device + ": " + std::to_string(now.freeBytes >> 20) + " MiB free of "
                    + std::to_string(now.totalBytes >> 20) + " (" + first + ")",
                .where = where,
                .hint = "Lower training.batch_size and raise training.gradient_accumulation, shorten data.max_length, or use bf16"};
    }
    if (words.find("CUDA") != std::string::npos)
        return {.code = ErrorCode::Device, .what = "CUDA stopped working: " + first, .where = where, .hint = "Restart Lethe, then resume"};
    return {.code = ErrorCode::Internal, .what = first, .where = where, .hint = {}};
}

/// Runs \p work, a function that returns a Result, and turns what flies out of it into its Error.
template<typename Work>
auto guarded(const std::string &device, const std::string &where, Work &&work) -> std::invoke_result_t<Work>
{
    try {
        return work();
    } catch (const std::exception &exception) {
        return fromTorch(exception, device, where);
    } catch (...) { // a plugin's own kind
        return Error{.code = ErrorCode::Internal, .what = "something was thrown that is no exception", .where = where, .hint = {}};
    }
}

} // namespace lethe
