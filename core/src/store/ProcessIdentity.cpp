#include "ProcessIdentity.h"

#include <csignal>

#include <cerrno>
#include <fstream>
#include <sstream>

namespace lethe {

namespace {

constexpr int kStartTimeField = 22; // proc(5), counted from 1

std::string bootId()
{
    std::ifstream file("/proc/sys/kernel/random/boot_id");
    std::string id;
    std::getline(file, id);
    return id;
}

std::int64_t startTicksOf(std::int64_t process)
{
    std::ifstream file("/proc/" + std::to_string(process) + "/stat");
    std::string line;
    if (!std::getline(file, line))
        return 0;
    // The second field, the program's name in parentheses, may hold spaces and parentheses itself.
    const auto nameEnd = line.rfind(')');
    if (nameEnd == std::string::npos)
        return 0;
    std::istringstream fields(line.substr(nameEnd + 1));
    std::string field;
    for (int index = 3; index <= kStartTimeField; ++index)
        if (!(fields >> field))
            return 0;
    return std::stoll(field);
}

bool isZombie(std::int64_t process)
{
    std::ifstream file("/proc/" + std::to_string(process) + "/stat");
    std::string line;
    if (!std::getline(file, line))
        return false;
    const auto nameEnd = line.rfind(')');
    return nameEnd != std::string::npos && nameEnd + 2 < line.size() && (line[nameEnd + 2] == 'Z' || line[nameEnd + 2] == 'X');
}

} // namespace

ProcessIdentity identityOfProcess(std::int64_t id)
{
    return {.id = id, .startTicks = startTicksOf(id), .bootId = bootId()};
}

bool isProcessAlive(const ProcessIdentity &identity)
{
    if (identity.id <= 0 || identity.bootId != bootId())
        return false;
    const std::int64_t startNow = startTicksOf(identity.id);
    if (startNow == 0) // /proc hides it: another user's process, perhaps
        return ::kill(static_cast<pid_t>(identity.id), 0) == 0 || errno == EPERM;
    return startNow == identity.startTicks && !isZombie(identity.id);
}

} // namespace lethe
