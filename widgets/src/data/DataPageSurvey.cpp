#include "DataPagePrivate.h"

#include "../parts/TaskObserver.h"
#include "../parts/Text.h"
#include "SampleAnalysis.h"
#include "SampleTableModel.h"
#include "SampleView.h"
#include "SetPanel.h"

#include <lethe/run/ForgetSurvey.h>
#include <lethe/spec/SpecReader.h>

#include <widgets/Dialogs.h>
#include <widgets/Format.h>

#include <QtGui/QAction>

namespace lethe {

namespace {

/// Rows of the survey by the keys of the table's. Rows that cannot be used are in no survey, so both are walked in order.
QHash<quint64, SurveyedRow> byKey(const SampleList &samples, const std::vector<SurveyedRow> &survey)
{
    QHash<quint64, SurveyedRow> rows;
    std::size_t next = 0;
    for (const SamplePointer &sample : samples)
        if (next < survey.size() && sample->row.prompt == survey[next].prompt && sample->row.answer == survey[next].answer)
            rows.insert(sample->key, survey[next++]);
    return rows;
}

} // namespace

void DataPage::Private::askModel()
{
    const auto tell = [this](const QString &text, Message::Level level) {
        workspace.post({.level = level, .text = text, .details = {}, .buttons = {}, .key = QStringLiteral("data-survey")});
    };
    if (workspace.activeRun() != nullptr)
        return tell(tr("A run holds the device. Pause it to disk or wait for its end, then ask the model."), Message::Level::Info);
    keepSets();
    const Result<ExperimentSpec> spec = workspace.draftWithSets();
    const Result<ResolvedSpec> resolved = spec.ok() ? resolveSpec(*spec, workspace.catalog()) : Result<ResolvedSpec>(spec.error());
    if (!resolved.ok())
        return tell(toQt(std::string_view(resolved.error().message())), Message::Level::Warning);
    const auto found = std::make_shared<Result<std::vector<SurveyedRow>>>(Error{});
    workspace.tasks().start(
        tr("Ask the model of %1").arg(rowsText(static_cast<std::int64_t>(sets.rows(SetSide::Forget).size()))), &page,
        [found, resolved = *resolved](TaskHandle &handle) -> QString {
            RunControl control;
            TaskObserver observer(handle, control);
            *found = surveyForgetSet(resolved, resolved.modelFolder, control, observer);
            if (!found->ok() && found->error().code != ErrorCode::Cancelled)
                handle.fail(toQt(std::string_view(found->error().message())));
            return found->ok() ? rowsText(static_cast<std::int64_t>((*found)->size())) : tr("cancelled");
        },
        [this, found, tell, rows = sets.rows(SetSide::Forget)] {
            if (!found->ok()) {
                if (found->error().code != ErrorCode::Cancelled)
                    tell(toQt(std::string_view(found->error().message())), Message::Level::Warning);
                return;
            }
            sets.analysis().setSurvey(byKey(rows, **found));
            std::int64_t known = 0;
            for (const SurveyedRow &row : **found)
                known += row.exactMatch == 1.0;
            tell(tr("The model answers %L1 of %2 word for word. Sort by known or harm; both are of the model as it is.")
                     .arg(known).arg(rowsText(static_cast<std::int64_t>((*found)->size()))),
                 Message::Level::Success);
        });
}

void DataPage::Private::keepWorst()
{
    std::vector<SurveyedRow> survey;
    const SampleList &rows = sets.rows(SetSide::Forget);
    for (std::size_t row = 0; row < rows.size(); ++row) {
        survey.push_back(sets.analysis().surveyed(rows[row]->key));
        survey.back().row = static_cast<std::int64_t>(row);
    }
    const auto most = static_cast<int>(worstForgetSet(survey, static_cast<std::int64_t>(rows.size())).rows.size());
    if (most == 0) {
        workspace.post({.level = Message::Level::Info, .text = tr("Ask the model first, with rows to retain: harm is what forgetting does to their loss."), .details = {},
                        .buttons = {}, .key = QStringLiteral("data-survey")});
        return;
    }
    const auto count = dialogs.askNumber(&page, tr("Keep the worst"), tr("Rows to keep of %L1, the most harmful first:").arg(most), std::max(1, most / 5), 1, most);
    if (!count)
        return;
    const WorstForgetSet worst = worstForgetSet(survey, *count);
    sets.keepOnly(SetSide::Forget, {worst.rows.begin(), worst.rows.end()}, tr("worst %1").arg(rowsText(static_cast<std::int64_t>(worst.rows.size()))));
    workspace.post({.level = Message::Level::Success,
                    .text = tr("Kept %1: mean harm %2; of as many rows drawn at random %3 ± %4.")
                                .arg(rowsText(static_cast<std::int64_t>(worst.rows.size())), format::loss(worst.meanInfluence), format::loss(worst.randomMean),
                                     format::loss(worst.randomDeviation)),
                    .details = {}, .buttons = {}, .key = QStringLiteral("data-survey")});
}

void DataPage::Private::showSurvey()
{
    panel(SetSide::Forget).view().setSurveyShown(sets.analysis().hasSurvey());
}

} // namespace lethe
