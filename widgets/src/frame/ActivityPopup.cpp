#include "ActivityPopup.h"

#include "IconLabel.h"

#include <widgets/Format.h>
#include <widgets/Theme.h>
#include <widgets/Workspace.h>

#include <QtWidgets/QHBoxLayout>
#include <QtWidgets/QLabel>
#include <QtWidgets/QProgressBar>
#include <QtWidgets/QToolButton>
#include <QtWidgets/QVBoxLayout>

namespace lethe {

namespace {

constexpr int kBarSteps = 1000;
constexpr int kRebuildMilliseconds = 150;

QToolButton *iconButton(const QString &icon, const QString &what, QWidget *parent)
{
    auto *button = new QToolButton(parent);
    button->setIcon(Theme::icon(icon));
    button->setToolTip(what);
    button->setAccessibleName(what);
    return button;
}

QLabel *label(const QString &text, TextRole role, QWidget *parent)
{
    auto *made = new QLabel(text, parent);
    made->setTextFormat(Qt::PlainText);
    Theme::setRole(made, role);
    return made;
}

QProgressBar *bar(double done, double total, const QString &what, QWidget *parent)
{
    auto *made = new QProgressBar(parent);
    made->setAccessibleName(what);
    made->setRange(0, kBarSteps);
    made->setValue(static_cast<int>(kBarSteps * done / total));
    made->setTextVisible(false);
    return made;
}

} // namespace

ActivityPopup::ActivityPopup(Workspace &workspace, QWidget *parent)
    : Popup(tr("Activity"), parent), m_workspace(workspace)
{
    m_soon.setSingleShot(true);
    m_soon.setInterval(kRebuildMilliseconds);
    connect(&m_soon, &QTimer::timeout, this, &ActivityPopup::rebuild);
    const auto later = [this] {
        if (isVisible() && !m_soon.isActive())
            m_soon.start();
    };
    connect(&workspace.tasks(), &TaskList::changed, this, later);
    connect(&workspace, &Workspace::queueChanged, this, later);
    connect(&workspace, &Workspace::runStateChanged, this, later);
    connect(&workspace, &Workspace::runRecords, this, later);
}

void ActivityPopup::showEvent(QShowEvent *event)
{
    rebuild();
    Popup::showEvent(event);
}

void ActivityPopup::rebuild()
{
    const int bottom = geometry().bottom();
    delete m_content;
    m_content = new QWidget(this);
    auto *rows = new QVBoxLayout(m_content);
    rows->setContentsMargins(0, 0, 0, 0);
    rows->setSpacing(Theme::space(3));
    m_content->setMinimumWidth(fontMetrics().averageCharWidth() * 56);
    bool any = false;
    if (m_workspace.activeRun() != nullptr) {
        rows->addWidget(runRow());
        any = true;
    }
    const auto queue = m_workspace.queue();
    for (std::size_t i = 0; i < queue.size(); ++i) {
        rows->addWidget(queueRow(i, queue.size(), QString::fromStdString(queue[i].name)));
        any = true;
    }
    int shown = 0;
    for (const TaskState &task : m_workspace.tasks().tasks()) {
        if (++shown > 10)
            break;
        rows->addWidget(taskRow(task));
        any = true;
    }
    if (!any)
        rows->addWidget(label(tr("Nothing is running and nothing waits."), TextRole::Muted, m_content));
    body()->addWidget(m_content);
    if (isVisible()) { // it stands on the status bar: grow upwards
        adjustSize();
        move(x(), bottom - height() + 1);
    }
}

QWidget *ActivityPopup::runRow()
{
    auto *row = new QWidget(m_content);
    auto *all = new QVBoxLayout(row);
    all->setContentsMargins(0, 0, 0, 0);
    all->setSpacing(Theme::space(1));
    auto *line = new QHBoxLayout;
    all->addLayout(line);
    line->addWidget(label(tr("Run “%1”").arg(m_workspace.activeRunName()), TextRole::Body, row), 1);
    auto *pause = m_workspace.isPaused() ? iconButton(QStringLiteral("play"), tr("Resume"), row)
                                         : iconButton(QStringLiteral("pause"), tr("Pause"), row);
    connect(pause, &QToolButton::clicked, this, [this] {
        if (m_workspace.isPaused())
            m_workspace.resumeActive();
        else
            m_workspace.pauseActive();
    });
    auto *stop = iconButton(QStringLiteral("stop"), tr("Stop: finish with an evaluation and a checkpoint"), row);
    connect(stop, &QToolButton::clicked, this, [this] { m_workspace.stopActive(); });
    line->addWidget(pause);
    line->addWidget(stop);
    const auto step = m_workspace.lastStep();
    const auto facts = m_workspace.activeFacts();
    const auto stage = m_workspace.activeStage();
    QString state = m_workspace.isPaused() ? tr("paused") : stage ? QString::fromStdString(stage->name) : tr("starting…");
    if (step && facts && facts->plannedSteps > 0) {
        state += tr(" · step %1 of %2").arg(step->step).arg(facts->plannedSteps);
        all->addWidget(bar(static_cast<double>(step->step), static_cast<double>(facts->plannedSteps), tr("Progress of the run"), row));
    } else if (stage && stage->total > 0) {
        all->addWidget(bar(stage->done, stage->total, tr("Progress of the stage"), row));
    }
    all->addWidget(label(state, TextRole::Caption, row));
    return row;
}

QWidget *ActivityPopup::queueRow(std::size_t index, std::size_t count, const QString &name)
{
    auto *row = new QWidget(m_content);
    auto *line = new QHBoxLayout(row);
    line->setContentsMargins(0, 0, 0, 0);
    line->addWidget(label(tr("Waiting %1: “%2”").arg(index + 1).arg(name), TextRole::Body, row), 1);
    if (index == 0 && m_workspace.activeRun() == nullptr) {
        auto *start = iconButton(QStringLiteral("play"), tr("Start the queue"), row);
        connect(start, &QToolButton::clicked, this, [this] { m_workspace.startQueue(); });
        line->addWidget(start);
    }
    auto *up = iconButton(QStringLiteral("arrow-up"), tr("Sooner"), row);
    up->setEnabled(index > 0);
    connect(up, &QToolButton::clicked, this, [this, index] { m_workspace.moveInQueue(index, index - 1); });
    auto *down = iconButton(QStringLiteral("arrow-down"), tr("Later"), row);
    down->setEnabled(index + 1 < count);
    connect(down, &QToolButton::clicked, this, [this, index] { m_workspace.moveInQueue(index, index + 1); });
    auto *remove = iconButton(QStringLiteral("close"), tr("Take out of the queue"), row);
    connect(remove, &QToolButton::clicked, this, [this, index] { m_workspace.removeFromQueue(index); });
    line->addWidget(up);
    line->addWidget(down);
    line->addWidget(remove);
    return row;
}

QWidget *ActivityPopup::taskRow(const TaskState &task)
{
    auto *row = new QWidget(m_content);
    auto *all = new QVBoxLayout(row);
    all->setContentsMargins(0, 0, 0, 0);
    all->setSpacing(Theme::space(1));
    auto *line = new QHBoxLayout;
    line->setSpacing(Theme::space(2));
    all->addLayout(line);
    const QIcon icon = !task.finished ? Theme::icon(QStringLiteral("clock"), Theme::muted)
        : task.failed                 ? Theme::icon(QStringLiteral("error"), Theme::error)
                                      : Theme::icon(QStringLiteral("success"), Theme::success);
    line->addWidget(new IconLabel(icon, 4, row, !task.finished ? tr("running") : task.failed ? tr("failed") : tr("done")));
    line->addWidget(label(task.name, TextRole::Body, row), 1);
    if (task.finished) {
        auto *result = label(task.result, task.failed ? TextRole::Error : TextRole::Caption, row);
        result->setWordWrap(task.failed);
        result->setTextInteractionFlags(Qt::TextSelectableByMouse);
        if (task.failed)
            all->addWidget(result);
        else
            line->addWidget(result);
        return row;
    }
    auto *cancel = iconButton(QStringLiteral("close"), tr("Cancel"), row);
    connect(cancel, &QToolButton::clicked, this, [this, id = task.id] { m_workspace.tasks().cancel(id); });
    line->addWidget(cancel);
    if (task.total > 0)
        all->addWidget(bar(task.done, task.total, tr("Progress of %1").arg(task.name), row));
    QStringList state{task.stage.isEmpty() ? tr("starting…") : task.stage};
    if (task.secondsLeft >= 0)
        state << tr("%1 left").arg(format::duration(task.secondsLeft));
    all->addWidget(label(state.join(QStringLiteral(" · ")), TextRole::Caption, row));
    return row;
}

} // namespace lethe
