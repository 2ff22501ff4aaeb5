#include "LiveHeader.h"

#include "RunPicker.h"
#include "RunWords.h"

#include "frame/IconLabel.h"
#include "parts/ElidedLabel.h"

#include <lethe/spec/SpecReader.h>

#include <widgets/Format.h>
#include <widgets/Theme.h>
#include <widgets/Workspace.h>

#include <QtWidgets/QBoxLayout>
#include <QtWidgets/QLabel>
#include <QtWidgets/QProgressBar>

#include <algorithm>
#include <cmath>

namespace lethe {
namespace {

QColor (*statusTint(RunStatus status))()
{
    switch (status) {
    case RunStatus::Done: return &Theme::success;
    case RunStatus::Failed: return &Theme::error;
    case RunStatus::Paused:
    case RunStatus::Interrupted: return &Theme::warning;
    case RunStatus::Running: return &Theme::accent;
    default: return &Theme::muted;
    }
}

} // namespace

LiveHeader::LiveHeader(Workspace &workspace, QWidget *parent)
    : QWidget(parent), m_workspace(workspace)
{
    m_picker = new RunPicker(workspace, this);
    m_statusIcon = new IconLabel({}, 4, this);
    m_status = new QLabel(this);
    m_status->setObjectName(QStringLiteral("liveStatus"));
    m_step = new QLabel(this);
    m_step->setObjectName(QStringLiteral("liveStep"));
    m_progress = new QProgressBar(this);
    m_progress->setObjectName(QStringLiteral("liveProgress"));
    m_progress->setAccessibleName(tr("Progress of the run"));
    m_progress->setTextVisible(false);
    m_progress->setMinimumWidth(Theme::space(12));
    m_progress->setMaximumWidth(Theme::space(60));
    m_progress->setMaximumHeight(Theme::space(2));
    m_rate = new QLabel(this);
    m_rate->setObjectName(QStringLiteral("liveRate"));
    m_left = new QLabel(this);
    m_left->setObjectName(QStringLiteral("liveLeft"));
    m_memory = new QLabel(this);
    m_memory->setObjectName(QStringLiteral("liveMemory"));
    m_evaluations = new ElidedLabel({}, this);
    m_evaluations->setObjectName(QStringLiteral("liveEvaluations"));
    for (QLabel *quiet : {m_rate, m_left, m_memory, m_evaluations})
        Theme::setRole(quiet, TextRole::Muted);

    auto *row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(Theme::space(2));
    row->addWidget(m_picker);
    row->addWidget(m_statusIcon);
    row->addWidget(m_status);
    row->addSpacing(Theme::space(2));
    row->addWidget(m_step);
    row->addWidget(m_progress, 1);
    row->addSpacing(Theme::space(2));
    row->addWidget(m_rate);
    row->addSpacing(Theme::space(1));
    row->addWidget(m_left);
    row->addSpacing(Theme::space(1));
    row->addWidget(m_memory);
    row->addSpacing(Theme::space(1));
    row->addWidget(m_evaluations);
    row->addStretch(1);
}

void LiveHeader::show(const RunFeed &feed)
{
    const RunHistory &history = feed.history();
    const bool hasRun = feed.run() != 0 && history.row.has_value();
    m_picker->setCurrent(hasRun ? feed.run() : 0, hasRun ? QString::fromStdString(history.row->name) : QString(),
                         hasRun ? QString::fromStdString(history.row->color) : QString());
    for (QWidget *part : {static_cast<QWidget *>(m_statusIcon), static_cast<QWidget *>(m_status), static_cast<QWidget *>(m_step),
                          static_cast<QWidget *>(m_progress), static_cast<QWidget *>(m_rate), static_cast<QWidget *>(m_left),
                          static_cast<QWidget *>(m_memory), static_cast<QWidget *>(m_evaluations)})
        part->setVisible(hasRun);
    if (!hasRun)
        return;

    const RunStatus status = feed.status();
    m_statusIcon->setIcon(Theme::icon(runwords::statusIcon(status), statusTint(status)));
    QString word = runwords::statusWord(status);
    const std::optional<StageRecord> stage = feed.isActive() ? m_workspace.activeStage() : std::nullopt;
    if (stage && status == RunStatus::Running && stage->name != "Training") {
        word = QString::fromStdString(stage->name).toLower();
        if (stage->total > 0)
            word += QStringLiteral(" · ") + format::percent(stage->done / stage->total);
    }
    m_status->setText(word);

    const bool begun = !history.steps.empty() || runwords::isOver(status);
    for (QWidget *part : {static_cast<QWidget *>(m_step), static_cast<QWidget *>(m_progress), static_cast<QWidget *>(m_rate),
                          static_cast<QWidget *>(m_left), static_cast<QWidget *>(m_memory), static_cast<QWidget *>(m_evaluations)})
        part->setVisible(begun);
    if (!begun)
        return;

    const std::int64_t planned = history.facts ? history.facts->plannedSteps : history.row->plannedSteps;
    const std::int64_t step = !history.steps.empty() ? history.steps.back().step : history.row->steps;
    QString where = planned > 0 ? tr("step %1 of %2").arg(format::count(step), format::count(planned)) : tr("step %1").arg(format::count(step));
    if (!history.steps.empty())
        where += QStringLiteral(" · ") + tr("epoch %1").arg(QString::number(history.steps.back().epoch, 'f', 1));
    m_step->setText(where);
    m_progress->setVisible(planned > 0);
    m_progress->setRange(0, 1000);
    const double share = planned > 0 ? std::clamp(static_cast<double>(step) / static_cast<double>(planned), 0.0, 1.0) : 0;
    m_progress->setValue(static_cast<int>(share * 1000));
    m_progress->setToolTip(format::percent(share));

    const bool over = runwords::isOver(status);
    const auto rate = over && history.row->tokensPerSecond > 0 ? std::optional(history.row->tokensPerSecond)
                                                               : runwords::tokensPerSecond(history.steps);
    m_rate->setText(rate ? format::rate(*rate, tr("tok")) : tr("– tok/s"));
    if (over) {
        const double seconds = history.row->seconds > 0 ? history.row->seconds : history.steps.empty() ? 0 : history.steps.back().elapsed;
        m_left->setText(tr("took %1").arg(format::duration(seconds)));
    } else {
        const auto left = runwords::secondsLeft(history);
        m_left->setText(left ? tr("%1 left").arg(format::duration(*left)) : tr("– left"));
    }
    std::int64_t peak = history.row->peakMemoryBytes;
    if (!history.steps.empty())
        peak = std::max(peak, history.steps.back().peakMemoryBytes);
    m_memory->setText(peak > 0 ? tr("peak %1").arg(format::bytes(peak)) : QString());
    if (m_budgetOf != feed.run() && !history.specJson.empty()) {
        m_budgetOf = feed.run();
        const SpecReading reading = readSpec(history.specJson, {});
        m_budgetPercent = reading.spec.eval ? reading.spec.eval->budgetPercent : std::nullopt;
    }
    const QString evaluations = runwords::evaluationShareText(history, m_budgetOf == feed.run() ? m_budgetPercent : std::nullopt);
    m_evaluations->setText(evaluations);
    m_evaluations->setToolTip(tr("%1: what evaluations between the steps take of the run's time. Experiment bounds it (time for evaluations).").arg(evaluations));
    m_evaluations->setVisible(!evaluations.isEmpty());
}

} // namespace lethe
