#pragma once

#include <lethe/base/Export.h>
#include <lethe/base/Result.h>

#include <cstdint>
#include <string>
#include <vector>

namespace lethe {

struct CudaDevice {
    int index = 0;
    std::string name;
    std::int64_t totalBytes = 0;
    std::int64_t freeBytes = 0;
};

/// What this process can compute on, found once at start.
struct DeviceReport {
    int cpuThreads = 0;
    std::string cpuName;
    std::int64_t hostBytes = 0;
    std::vector<CudaDevice> cuda;
    std::string whyNoCuda; ///< `no NVIDIA driver (libcuda.so.1 not found)`; empty where there is a device
    std::string torchVersion;
    /// `CPU, 2 threads` or `cuda:0 NVIDIA H200`: the device that `auto` means.
    LETHE_EXPORT std::string summary() const;
};

/// Looks for a driver, loads libtorch_cuda where there is one, sizes LibTorch's pool. First call does the work; any thread.
LETHE_EXPORT const DeviceReport &deviceReport();

/// Memory now: of the process (host) or allocated on the device.
struct MemoryNow {
    std::int64_t usedBytes = 0, peakBytes = 0, freeBytes = 0, totalBytes = 0;
};
LETHE_EXPORT MemoryNow memoryNow(const std::string &device);

LETHE_EXPORT std::string letheVersion();

} // namespace lethe
