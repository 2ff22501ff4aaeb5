#include <lethe/base/Device.h>

#include <lethe/base/Log.h>

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/core/Generator.h>
#include <c10/core/DeviceGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <dlfcn.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include <torch/version.h>

namespace lethe {

namespace {

/// The CUDA driver's own entry points: enough to list devices with no toolkit at build time.
struct Driver {
    void *library = nullptr;
    int (*init)(unsigned) = nullptr;
    int (*deviceCount)(int *) = nullptr;
    int (*deviceName)(char *, int, int) = nullptr;
    int (*deviceTotalMem)(std::size_t *, int) = nullptr;
};

std::string cpuName()
{
    std::ifstream file("/proc/cpuinfo");
    std::string line;
    while (std::getline(file, line))
        if (line.starts_with("model name"))
            return line.substr(line.find(':') + 2);
    return "CPU";
}

/// Lists devices and loads libtorch_cuda. Why there is none, in words, where there is none.
std::string findCuda(std::vector<CudaDevice> &devices)
{
    if (const char *hidden = std::getenv("CUDA_VISIBLE_DEVICES"); hidden != nullptr && (*hidden == '\0' || *hidden == '-'))
        return "CUDA_VISIBLE_DEVICES hides every device";
    Driver driver;
    driver.library = ::dlopen("libcuda.so.1", RTLD_NOW | RTLD_GLOBAL);
    if (driver.library == nullptr)
        return "no NVIDIA driver (libcuda.so.1 not found)";
    driver.init = reinterpret_cast<int (*)(unsigned)>(::dlsym(driver.library, "cuInit"));
    driver.deviceCount = reinterpret_cast<int (*)(int *)>(::dlsym(driver.library, "cuDeviceGetCount"));
    driver.deviceName = reinterpret_cast<int (*)(char *, int, int)>(::dlsym(driver.library, "cuDeviceGetName"));
    driver.deviceTotalMem = reinterpret_cast<int (*)(std::size_t *, int)>(::dlsym(driver.library, "cuDeviceTotalMem_v2"));
    if (driver.init == nullptr || driver.deviceCount == nullptr || driver.deviceName == nullptr || driver.deviceTotalMem == nullptr)
        return "the NVIDIA driver lacks the entry points that are needed";
    if (const int status = driver.init(0); status != 0)
        return "the NVIDIA driver does not start (cuInit gave " + std::to_string(status) + ")";
    int count = 0;
    if (driver.deviceCount(&count) != 0 || count == 0)
        return "the NVIDIA driver lists no device";

    // RTLD_GLOBAL: its kernels register themselves with the dispatcher of the libtorch_cpu that is already here.
    if (::dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL) == nullptr) {
        const char *why = ::dlerror();
        return std::string("libtorch_cuda could not be loaded: ") + (why != nullptr ? why : "no reason given");
    }
    if (!at::hasCUDA())
        return "libtorch_cuda was loaded and reports no CUDA";
    for (int index = 0; index < count; ++index) {
        char name[256] = {};
        std::size_t bytes = 0;
        driver.deviceName(name, sizeof name - 1, index);
        driver.deviceTotalMem(&bytes, index);
        devices.push_back({.index = index, .name = name, .totalBytes = static_cast<std::int64_t>(bytes), .freeBytes = 0});
    }
    return {};
}

DeviceReport look()
{
    DeviceReport report;
    report.cpuThreads = at::get_num_threads();
    report.cpuName = cpuName();
    struct sysinfo info {
    };
    if (::sysinfo(&info) == 0)
        report.hostBytes = static_cast<std::int64_t>(info.totalram) * info.mem_unit;
    report.torchVersion = TORCH_VERSION;
    report.whyNoCuda = findCuda(report.cuda);
    log(LogLevel::Debug, "device", report.summary() + (report.whyNoCuda.empty() ? "" : "; " + report.whyNoCuda));
    return report;
}

std::int64_t fieldOfStatus(const char *name)
{
    std::ifstream file("/proc/self/status");
    std::string line;
    while (std::getline(file, line)) {
        if (!line.starts_with(name))
            continue;
        std::istringstream rest(line.substr(std::string_view(name).size() + 1));
        std::int64_t kibibytes = 0;
        rest >> kibibytes;
        return kibibytes << 10;
    }
    return 0;
}

std::int64_t availableHostBytes()
{
    std::ifstream file("/proc/meminfo");
    std::string line;
    while (std::getline(file, line))
        if (line.starts_with("MemAvailable:"))
            return std::stoll(line.substr(13)) << 10;
    return 0;
}

} // namespace

std::string DeviceReport::summary() const
{
    if (!cuda.empty())
        return "cuda:0 " + cuda.front().name;
    return "CPU, " + std::to_string(cpuThreads) + (cpuThreads == 1 ? " thread" : " threads");
}

const DeviceReport &deviceReport()
{
    static const DeviceReport report = look();
    return report;
}

MemoryNow memoryNow(const std::string &device)
{
    if (device.starts_with("cuda")) {
        const c10::Device cuda(device.substr(0, device.find(' ')));
        const auto index = cuda.has_index() ? cuda.index() : c10::DeviceIndex{0};
        auto *allocator = c10::getDeviceAllocator(c10::DeviceType::CUDA);
        const auto stats = allocator->getDeviceStats(index);
        const auto [freeNow, total] = allocator->getMemoryInfo(index);
        const auto &bytes = stats.allocated_bytes[0];
        return {.usedBytes = bytes.current, .peakBytes = bytes.peak, .freeBytes = static_cast<std::int64_t>(freeNow),
                .totalBytes = static_cast<std::int64_t>(total)};
    }
    struct sysinfo info {
    };
    ::sysinfo(&info);
    return {.usedBytes = fieldOfStatus("VmRSS"), .peakBytes = fieldOfStatus("VmHWM"), .freeBytes = availableHostBytes(),
            .totalBytes = static_cast<std::int64_t>(info.totalram) * info.mem_unit};
}

std::string letheVersion()
{
    return LETHE_VERSION;
}

} // namespace lethe
