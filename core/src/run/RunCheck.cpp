#include "method/ParameterCheck.h"
#include "model/TorchErrors.h"
#include "run/Session.h"

#include <algorithm>

namespace lethe {

std::vector<Error> checkRun(const ExperimentSpec &spec, const MethodCatalog &catalog)
{
    std::vector<Error> problems = checkSpec(spec, catalog);
    const auto isOfItsQuestion = [](const Error &problem) { return !problem.where.starts_with("data.") && !problem.where.starts_with("eval."); };
    if (std::ranges::any_of(problems, isOfItsQuestion))
        return problems; // a method is asked about what is right so far
    const auto answer = guarded("cpu", "method " + spec.method.id, [&]() -> Result<void> {
        ResolvedSpec resolved{.spec = spec, .modelFolder = spec.resolve(spec.model), .referenceFolder = {}, .forgetFile = {}, .retainFile = {}};
        LETHE_TRY(resolved.spec.method.parameters, completeParameters(*catalog.find(spec.method.id), spec.method.parameters));
        RunControl control;
        RunObserver nobody;
        return Session(resolved, catalog, {}, control, nobody).askMethod();
    });
    if (answer.ok() || answer.error().code != ErrorCode::InvalidInput)
        return problems;
    if (std::ranges::find(problems, answer.error().where, &Error::where) == problems.end())
        problems.push_back(answer.error());
    return problems;
}

} // namespace lethe
