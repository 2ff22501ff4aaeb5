#include "StatusParts.h"

#include "../parts/Background.h"
#include "Tones.h"

#include <widgets/Format.h>
#include <widgets/TaskList.h>
#include <widgets/Theme.h>
#include <widgets/Workspace.h>

#include <lethe/base/Device.h>

#include <QtGui/QPainter>
#include <QtWidgets/QHBoxLayout>
#include <QtWidgets/QLabel>

namespace lethe {

namespace {

constexpr int kMemoryMilliseconds = 2000;

/// `npo on the demo authors` → `npo on the…`
QString shortName(const QString &name)
{
    return name.size() <= 28 ? name : name.left(27) + QStringLiteral("…");
}

/// With a space: the style sheet's style sets the icon too near to the text.
void say(QToolButton *part, const QString &text)
{
    part->setText(QLatin1Char(' ') + text);
}

} // namespace

void ProgressPart::setFraction(double fraction)
{
    if (m_fraction == fraction)
        return;
    m_fraction = fraction;
    update();
}

void ProgressPart::paintEvent(QPaintEvent *event)
{
    QToolButton::paintEvent(event);
    if (m_fraction < 0)
        return;
    const Tones &tones = Tones::current();
    QPainter painter(this);
    const int thick = std::max(2, Theme::space(1) / 2);
    const QRect track(Theme::space(2), height() - thick - 1, width() - Theme::space(4), thick);
    painter.fillRect(track, tones.border);
    painter.fillRect(QRect(track.topLeft(), QSize(static_cast<int>(track.width() * std::min(1.0, m_fraction)), thick)), tones.accent);
}

StatusParts::StatusParts(Workspace &workspace, QWidget *parent)
    : QStatusBar(parent), m_workspace(workspace), m_device(new QToolButton), m_run(new ProgressPart), m_tasks(new QToolButton),
      m_store(new QToolButton), m_tip(new QLabel)
{
    setObjectName(QStringLiteral("statusBar"));
    setSizeGripEnabled(false);
    auto *line = new QWidget(this);
    auto *layout = new QHBoxLayout(line);
    layout->setContentsMargins(Theme::space(1), 0, Theme::space(1), 0);
    layout->setSpacing(Theme::space(1));
    const struct {
        QToolButton *button;
        const char *name, *icon;
        QString what;
    } parts[] = {{m_device, "statusDevice", "device", tr("Device and memory")},
                 {m_run, "statusRun", "live", tr("The run that is on")},
                 {m_tasks, "statusTasks", "tasks", tr("Activity")},
                 {m_store, "statusStore", "database", tr("Store")}};
    for (const auto &part : parts) {
        part.button->setObjectName(QLatin1String(part.name));
        part.button->setIcon(Theme::icon(QLatin1String(part.icon), Theme::muted));
        part.button->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
        part.button->setIconSize({Theme::space(4), Theme::space(4)});
        part.button->setAccessibleName(part.what);
        part.button->setFocusPolicy(Qt::TabFocus);
    }
    Theme::setRole(m_tip, TextRole::Caption);
    m_tip->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    layout->addWidget(m_device);
    layout->addWidget(m_run);
    layout->addWidget(m_tasks);
    layout->addWidget(m_tip, 1);
    layout->addWidget(m_store);
    addPermanentWidget(line, 1);

    connect(m_device, &QToolButton::clicked, this, &StatusParts::deviceChosen);
    connect(m_run, &QToolButton::clicked, this, [this] { m_workspace.showPage(QStringLiteral("pageLive")); });
    connect(m_tasks, &QToolButton::clicked, this, &StatusParts::tasksChosen);
    connect(m_store, &QToolButton::clicked, this, &StatusParts::storeChosen);
    connect(&workspace, &Workspace::runStateChanged, this, &StatusParts::showRun);
    connect(&workspace, &Workspace::runRecords, this, [this](qint64, const std::shared_ptr<const RunBatch> &batch) {
        if (!batch->steps.empty() || batch->stage)
            showRun();
    });
    connect(&workspace, &Workspace::storeStateChanged, this, &StatusParts::showStore);
    connect(&workspace, &Workspace::queueChanged, this, &StatusParts::showTasks);
    connect(&workspace.tasks(), &TaskList::changed, this, &StatusParts::showTasks);

    // The report loads LibTorch: seconds on a cold disk, so never here
    say(m_device, tr("looking for devices…"));
    workspace.tasks().start(tr("Look for devices"), this, [](TaskHandle &) { return QString::fromStdString(deviceReport().summary()); },
                            [this] {
                                m_haveDevice = true;
                                showDevice();
                                m_memoryTimer.start();
                            });
    m_memoryTimer.setInterval(kMemoryMilliseconds);
    connect(&m_memoryTimer, &QTimer::timeout, this, &StatusParts::showDevice);
    showRun();
    showTasks();
    showStore();
}

void StatusParts::showTip(const QString &tip)
{
    m_tip->setText(tip);
}

void StatusParts::showDevice()
{
    if (!m_haveDevice || !isVisible())
        return;
    const DeviceReport &report = deviceReport(); // made by now: only read
    const bool cuda = !report.cuda.empty();
    // Asking a CUDA device may wake its driver up
    inBackground(this, [cuda] { return memoryNow(cuda ? "cuda:0" : "cpu"); }, [this](const MemoryNow &memory) {
        say(m_device, tr("%1 · %2 of %3, peak %4").arg(QString::fromStdString(deviceReport().summary()), format::bytes(memory.usedBytes),
                                                           format::bytes(memory.totalBytes), format::bytes(memory.peakBytes)));
    });
    m_device->setToolTip(cuda ? tr("The device that runs use") : tr("No CUDA device: %1").arg(QString::fromStdString(report.whyNoCuda)));
}

void StatusParts::showRun()
{
    const bool on = m_workspace.activeRun() != nullptr;
    m_run->setVisible(on);
    showTasks();
    QString percent;
    if (on) {
        const auto stage = m_workspace.activeStage();
        const auto facts = m_workspace.activeFacts();
        const auto step = m_workspace.lastStep();
        QStringList text{shortName(m_workspace.activeRunName())};
        double fraction = -1;
        if (step && facts && facts->plannedSteps > 0) {
            fraction = static_cast<double>(step->step) / static_cast<double>(facts->plannedSteps);
            percent = QStringLiteral("%1 %").arg(static_cast<int>(fraction * 100));
            text << percent;
            if (m_workspace.isPaused())
                text << tr("paused");
            else if (step->elapsed > 3 && step->step > 0)
                text << tr("%1 left").arg(format::duration(step->elapsed / static_cast<double>(step->step)
                                                           * static_cast<double>(facts->plannedSteps - step->step)));
        } else if (stage) {
            fraction = stage->total > 0 ? stage->done / stage->total : -1;
            text << QString::fromStdString(stage->name);
        } else {
            text << (m_workspace.isPaused() ? tr("paused") : tr("starting…"));
        }
        say(m_run, text.join(QStringLiteral(" · ")));
        m_run->setFraction(fraction);
        m_run->setIcon(Theme::icon(m_workspace.isPaused() ? QStringLiteral("pause") : QStringLiteral("play"), Theme::accent));
    }
    if (percent != m_percent) {
        m_percent = percent;
        Q_EMIT percentChanged();
    }
}

void StatusParts::showTasks()
{
    const int running = m_workspace.tasks().running();
    const auto waiting = static_cast<int>(m_workspace.queue().size());
    QStringList text;
    if (running > 0)
        text << tr("%n task(s)", nullptr, running);
    if (waiting > 0)
        text << tr("%n waiting", nullptr, waiting);
    say(m_tasks, text.isEmpty() ? (m_workspace.activeRun() != nullptr ? tr("no other task") : tr("idle")) : text.join(QStringLiteral(" · ")));
}

void StatusParts::showStore()
{
    const QString failure = m_workspace.storeFailure();
    const QDateTime saved = m_workspace.lastSaved();
    Theme::mark(m_store, "alarm", !failure.isEmpty());
    if (!failure.isEmpty())
        say(m_store, tr("not saved: %1").arg(shortName(failure)));
    else if (m_workspace.store().isReadOnly())
        say(m_store, tr("viewing only"));
    else if (saved.isValid())
        say(m_store, tr("saved %1").arg(saved.toString(QStringLiteral("HH:mm:ss"))));
    else
        say(m_store, tr("store open"));
    m_store->setToolTip((failure.isEmpty() ? QString() : failure + QLatin1Char('\n'))
                        + QString::fromStdString(m_workspace.store().file().string()));
}

} // namespace lethe
