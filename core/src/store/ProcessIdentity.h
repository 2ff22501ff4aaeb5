#pragma once

#include <lethe/base/Export.h>

#include <cstdint>
#include <string>

namespace lethe {

/// A process beyond its number, which the system gives out again: when it started, and in which boot of the machine.
struct ProcessIdentity {
    std::int64_t id = 0;
    std::int64_t startTicks = 0; ///< clock ticks from boot to its start; 0 where it could not be read
    std::string bootId;
    bool operator==(const ProcessIdentity &) const = default;
};

/// As /proc shows it now.
LETHE_EXPORT ProcessIdentity identityOfProcess(std::int64_t id);

/// Whether that very process, and no other that got its number, is there.
LETHE_EXPORT bool isProcessAlive(const ProcessIdentity &identity);

} // namespace lethe
