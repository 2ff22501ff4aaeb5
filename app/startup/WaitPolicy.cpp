// OpenMP's threads spin while they wait, by default. Where a window, or anything else, shares the cores with them, that costs
// more than the work itself: fifteen times the wall time was measured for a small model on two busy cores. libgomp reads
// OMP_WAIT_POLICY in its constructor, before main and before anything of ours, so the program starts itself anew with the
// variable set: from .preinit_array, which runs before any library's constructor and so costs no second start of LibTorch.

#include <climits>
#include <cstring>
#include <unistd.h>

namespace {

constexpr char kVariable[] = "OMP_WAIT_POLICY=";
char g_setting[] = "OMP_WAIT_POLICY=passive";
constexpr int kMostVariables = 4096;
char *g_environment[kMostVariables];
char g_self[PATH_MAX];

void startWithPassiveWaiting(int, char **arguments, char **environment)
{
    int count = 0;
    for (char **variable = environment; *variable != nullptr; ++variable) {
        if (std::strncmp(*variable, kVariable, sizeof kVariable - 1) == 0 || count + 2 >= kMostVariables)
            return; // the user's own choice, or an environment out of the ordinary
        g_environment[count++] = *variable;
    }
    g_environment[count++] = g_setting;
    const ssize_t length = ::readlink("/proc/self/exe", g_self, sizeof g_self - 1);
    if (length > 0)
        ::execve(g_self, arguments, g_environment); // where it fails, the program merely waits as it would have
}

__attribute__((section(".preinit_array"), used)) void (*const g_beforeConstructors)(int, char **, char **) = startWithPassiveWaiting;

} // namespace
