// How OpenMP's threads wait for the next loop. Left alone, libgomp spins for 300 000 turns before a thread sleeps: on cores that a
// window, or anything else, shares with them this was measured at up to fifteen times the wall time of a small model's step.
// Sleeping at once costs every one of the thousands of short loops of a step a wake-up: 0.4 of the rate on a quiet machine. A few
// thousand turns bridge the gaps between a step's loops and give the core away soon after: nearly the rate of endless spinning where
// the cores are free, nearly that of sleeping where they are not (figures in core/README.md).
// libgomp reads the variable in its constructor, before main and before anything of ours, so the program starts itself anew with it
// set: from .preinit_array, which runs before any library's constructor and so costs no second start of LibTorch.

#include <climits>
#include <cstring>
#include <unistd.h>

namespace {

constexpr const char *kChoices[] = {"GOMP_SPINCOUNT=", "OMP_WAIT_POLICY="};
char g_setting[] = "GOMP_SPINCOUNT=3000";
constexpr int kMostVariables = 4096;
char *g_environment[kMostVariables];
char g_self[PATH_MAX];

bool isChoice(const char *variable)
{
    for (const char *choice : kChoices) {
        if (std::strncmp(variable, choice, std::strlen(choice)) == 0)
            return true;
    }
    return false;
}

void startWithBoundedSpinning(int, char **arguments, char **environment)
{
    int count = 0;
    for (char **variable = environment; *variable != nullptr; ++variable) {
        if (isChoice(*variable) || count + 2 >= kMostVariables)
            return; // the user's own choice, or an environment out of the ordinary
        g_environment[count++] = *variable;
    }
    g_environment[count++] = g_setting;
    const ssize_t length = ::readlink("/proc/self/exe", g_self, sizeof g_self - 1);
    if (length > 0)
        ::execve(g_self, arguments, g_environment); // where it fails, the program merely waits as it would have
}

__attribute__((section(".preinit_array"), used)) void (*const g_beforeConstructors)(int, char **, char **) = startWithBoundedSpinning;

} // namespace
