#pragma once

#include <lethe/base/Export.h>
#include <lethe/base/Result.h>
#include <lethe/method/MethodManifest.h>

#include <string>

namespace lethe {

/// What a parameter takes, in words: `Use a number, above 0 and at most 10`.
LETHE_EXPORT std::string acceptedWords(const ParameterSpec &parameter);

/// \p value as the manifest's type stores it (a whole number given for a float becomes one). InvalidInput at \p path.
LETHE_EXPORT Result<ParameterValue> checkedParameter(const ParameterSpec &parameter, const ParameterValue &value,
                                                     const std::string &path);

/// The value of \p name in \p given, else its default in \p manifest.
LETHE_EXPORT ParameterValue effectiveParameter(const MethodManifest &manifest, const ParameterSet &given, const std::string &name);

/// Every parameter that the manifest declares, effective and checked, beside what else was \p given.
LETHE_EXPORT Result<ParameterSet> completeParameters(const MethodManifest &manifest, ParameterSet given);

/// Whether a run of the method with these parameters reads the retain set: not where its weight is 0 or its loss is `none`.
LETHE_EXPORT bool usesRetainSet(const MethodManifest &manifest, const ParameterSet &given);

} // namespace lethe
