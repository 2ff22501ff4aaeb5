#include <widgets/WelcomePage.h>

#include "../parts/Background.h"
#include "../frame/IconLabel.h"
#include "../parts/ElidedLabel.h"
#include "ActionCard.h"
#include "RunStatusText.h"

#include <widgets/Dialogs.h>
#include <widgets/Format.h>
#include <widgets/Theme.h>
#include <widgets/Workspace.h>

#include <lethe/base/Device.h>

#include <QtCore/QDir>
#include <QtCore/QFileInfo>
#include <QtGui/QClipboard>
#include <QtGui/QGuiApplication>
#include <QtWidgets/QHBoxLayout>
#include <QtWidgets/QLabel>
#include <QtWidgets/QScrollArea>
#include <QtWidgets/QToolButton>
#include <QtWidgets/QVBoxLayout>

namespace lethe {

namespace {

constexpr std::size_t kRunsShown = 8;
constexpr int kModelsShown = 6;
const QString kDismissedKey = QStringLiteral("welcome/dismissedRecovery");
const QString kCrashedKey = QStringLiteral("session/crashed");

QLabel *label(const QString &text, TextRole role, QWidget *parent)
{
    auto *made = new QLabel(text, parent);
    made->setTextFormat(Qt::PlainText);
    Theme::setRole(made, role);
    return made;
}

std::optional<double> valueOf(const std::vector<MetricValue> &metrics, std::string_view id)
{
    for (const MetricValue &metric : metrics)
        if (metric.id == id)
            return metric.value;
    return {};
}

/// `forget 96 → 4 %`, or empty.
QString change(const RunRow &row, const char *id, const QString &name)
{
    const auto after = valueOf(row.finalMetrics, id);
    if (!after)
        return {};
    const auto before = valueOf(row.baseMetrics, id);
    QString from = before ? format::percent(before) : QString();
    from.remove(QStringLiteral(" %"));
    return name + QLatin1Char(' ') + (before ? from + QStringLiteral(" → ") : QString()) + format::percent(after);
}

QLabel *nothing(const QString &text, QWidget *parent)
{
    QLabel *made = label(text, TextRole::Muted, parent);
    made->setMargin(Theme::space(2));
    return made;
}

void clear(QVBoxLayout *layout)
{
    while (QLayoutItem *item = layout->takeAt(0)) {
        if (QWidget *widget = item->widget())
            widget->deleteLater();
        delete item;
    }
}

QPushButton *rowButton(const QString &name, QWidget *parent)
{
    auto *row = new QPushButton(parent);
    row->setProperty("row", true);
    row->setAutoDefault(true);
    row->setCursor(Qt::PointingHandCursor);
    row->setAccessibleName(name);
    row->setMinimumHeight(Theme::space(9));
    return row;
}

} // namespace

WelcomePage::WelcomePage(Workspace &workspace, Dialogs &dialogs, QWidget *parent)
    : Page(QStringLiteral("pageWelcome"), tr("Welcome"), parent), m_workspace(workspace), m_dialogs(dialogs), m_recovery(new QFrame(this)),
      m_lead(label(QString(), TextRole::Muted, this))
{
    auto *area = new QScrollArea(this);
    area->setWidgetResizable(true);
    area->setFrameShape(QFrame::NoFrame);
    area->setFocusPolicy(Qt::NoFocus);
    auto *content = new QWidget(area);
    content->setObjectName(QStringLiteral("pageContent"));
    area->setWidget(content);
    auto *whole = new QVBoxLayout(this);
    whole->setContentsMargins(0, 0, 0, 0);
    whole->addWidget(area);

    auto *column = new QVBoxLayout(content);
    column->setContentsMargins(Theme::space(5), Theme::space(1), Theme::space(5), Theme::space(5));
    column->setSpacing(Theme::space(4));
    m_lead->setWordWrap(true);
    column->addWidget(m_recovery);
    column->addWidget(m_lead);
    buildCards(column);
    buildSteps(column);
    buildLists(column);
    column->addStretch(1);
    m_recovery->hide();
    setFocusProxy(m_demo);

    const auto soon = [this] {
        if (isVisible())
            activate();
    };
    connect(&workspace, &Workspace::storeChanged, this, soon);
    connect(&workspace, &Workspace::modelChanged, this, soon);
    activate();
}

QString WelcomePage::hint() const
{
    return {};
}

void WelcomePage::buildCards(QVBoxLayout *column)
{
    auto *cards = new QHBoxLayout;
    cards->setSpacing(Theme::space(4));
    m_demo = new ActionCard(QStringLiteral("play"), tr("Try the demo"), tr("Under a minute, no set-up"), this);
    m_demo->setObjectName(QStringLiteral("welcomeDemo"));
    auto *open = new ActionCard(QStringLiteral("models"), tr("Open a model…"), tr("A Hugging Face model folder"), this);
    open->setObjectName(QStringLiteral("welcomeOpen"));
    auto *fresh = new ActionCard(QStringLiteral("experiment"), tr("New experiment"), tr("Choose a method, see what will happen"), this);
    fresh->setObjectName(QStringLiteral("welcomeNew"));
    for (ActionCard *card : {m_demo, open, fresh})
        cards->addWidget(card, 1);
    column->addLayout(cards);
    connect(m_demo, &QPushButton::clicked, this, [this] {
        if (const auto started = m_workspace.startDemo(); !started.ok())
            m_workspace.post({.level = Message::Level::Error, .text = QString::fromStdString(started.error().message()), .details = {},
                              .buttons = {}, .key = QStringLiteral("demo")});
    });
    connect(open, &QPushButton::clicked, this, [this] {
        const QString folder = m_dialogs.chooseFolder(this, tr("Open a model folder"), m_workspace.recentModels().value(0));
        if (folder.isEmpty())
            return;
        m_workspace.openModel(folder);
        m_workspace.showPage(QStringLiteral("pageModels"));
    });
    connect(fresh, &QPushButton::clicked, &m_workspace, &Workspace::newExperiment);
}

void WelcomePage::buildSteps(QVBoxLayout *column)
{
    m_steps = new QFrame(this);
    m_steps->setProperty("card", true);
    auto *line = new QHBoxLayout(m_steps);
    line->setContentsMargins(Theme::space(5), Theme::space(5), Theme::space(5), Theme::space(5));
    line->setSpacing(Theme::space(6));
    const struct {
        const char *icon;
        QString heading, words;
    } steps[] = {{"models", tr("1  Choose a model"), tr("Its folder is checked first: shards, names, shapes and tokenizer. Nothing is copied, and no code of it is run.")},
                 {"data", tr("2  Say what it shall forget"), tr("Rows to forget beside rows to keep. You see every token that will be trained, and what would be cut.")},
                 {"live", tr("3  Watch while it can be stopped"), tr("Losses, probabilities and answers as they change; pause, resume and compare runs, then export a checkpoint that was tested.")}};
    for (const auto &step : steps) {
        auto *part = new QVBoxLayout;
        part->setSpacing(Theme::space(2));
        part->addWidget(new IconLabel(Theme::icon(QLatin1String(step.icon), Theme::accent), 6, m_steps));
        part->addWidget(label(step.heading, TextRole::Heading, m_steps));
        auto *words = label(step.words, TextRole::Muted, m_steps);
        words->setWordWrap(true);
        part->addWidget(words);
        part->addStretch();
        line->addLayout(part, 1);
    }
    column->addWidget(m_steps);
}

void WelcomePage::buildLists(QVBoxLayout *column)
{
    m_lists = new QWidget(this);
    auto *lists = new QHBoxLayout(m_lists);
    lists->setContentsMargins(0, Theme::space(2), 0, 0);
    lists->setSpacing(Theme::space(4));
    const auto card = [this, lists](const QString &title, int stretch) {
        auto *side = new QVBoxLayout;
        side->setSpacing(Theme::space(2));
        side->addWidget(label(title, TextRole::Heading, m_lists));
        auto *frame = new QFrame(m_lists);
        frame->setProperty("card", true);
        auto *rows = new QVBoxLayout(frame);
        rows->setContentsMargins(Theme::space(2), Theme::space(2), Theme::space(2), Theme::space(2));
        rows->setSpacing(0);
        side->addWidget(frame);
        side->addStretch(1);
        lists->addLayout(side, stretch);
        return rows;
    };
    m_runs = card(tr("Recent runs"), 5);
    m_models = card(tr("Recent models"), 3);
    column->addWidget(m_lists);
    m_device = label(QString(), TextRole::Caption, this);
    m_device->setObjectName(QStringLiteral("welcomeDevice"));
    column->addWidget(m_device);
    m_device->setText(tr("Looking for devices…"));
    inBackground(this, [] { return deviceReport().summary(); }, [this](const std::string &summary) {
        m_device->setText(tr("Runs on %1").arg(QString::fromStdString(summary)));
    });
}

void WelcomePage::activate()
{
    showModels();
    if (m_reading)
        return;
    m_reading = true;
    inBackground(this, [&store = m_workspace.store()] { return store.runs(); }, [this](const Result<std::vector<RunRow>> &rows) {
        m_reading = false;
        if (!rows.ok())
            return;
        showRuns(*rows);
        showRecovery(*rows);
    });
}

void WelcomePage::showRuns(const std::vector<RunRow> &rows)
{
    // Made anew only where something shown has changed: the focus may be in a row
    QStringList seen;
    for (std::size_t i = 0; i < std::min(rows.size(), kRunsShown); ++i)
        seen << QStringLiteral("%1 %2 %3 %4 %5").arg(rows[i].id).arg(QString::fromStdString(rows[i].name)).arg(int(rows[i].status))
                    .arg(rows[i].finalMetrics.size()).arg(format::ago(QString::fromStdString(rows[i].createdAt)));
    if (m_seenRuns == seen && !seen.isEmpty())
        return;
    m_seenRuns = seen;
    clear(m_runs);
    m_steps->setVisible(rows.empty());
    m_lists->setVisible(!rows.empty() || !m_workspace.recentModels().isEmpty());
    m_lead->setText(rows.empty() ? tr("Unlearning takes chosen texts out of a language model and keeps the rest. The demo does it before your "
                                      "eyes: a small model forgets four invented people.")
                                 : tr("Go on where you were, or start something new."));
    for (std::size_t i = 0; i < std::min(rows.size(), kRunsShown); ++i)
        m_runs->addWidget(runRow(rows[i]));
    if (rows.empty())
        m_runs->addWidget(nothing(tr("No run yet."), this));
}

QWidget *WelcomePage::runRow(const RunRow &row)
{
    const QString name = QString::fromStdString(row.name);
    QPushButton *button = rowButton(tr("Run %1, %2").arg(name, statusWord(row.status)), this);
    auto *line = new QHBoxLayout(button);
    line->setContentsMargins(Theme::space(2), 0, Theme::space(2), 0);
    line->setSpacing(Theme::space(3));
    auto *color = new QLabel(button);
    QPixmap dot(QSize(Theme::space(3), Theme::space(3)) * devicePixelRatioF());
    dot.setDevicePixelRatio(devicePixelRatioF());
    dot.fill(Theme::runColor(QString::fromStdString(row.color)));
    color->setPixmap(dot);
    line->addWidget(color);
    auto *title = new ElidedLabel(name, button);
    title->setElideMode(Qt::ElideMiddle);
    title->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    title->setMinimumWidth(fontMetrics().averageCharWidth() * 16); // with large text the page scrolls before a run has no name
    line->addWidget(title, 1);
    line->addWidget(new IconLabel(statusIcon(row.status), 4, button));
    auto *status = label(statusWord(row.status), TextRole::Muted, button);
    status->setMinimumWidth(fontMetrics().horizontalAdvance(QStringLiteral("interrupted")) + Theme::space(1));
    line->addWidget(status);
    for (const QString &numbers : {change(row, "forget_exact_match", tr("forget")), change(row, "retain_exact_match", tr("retain"))}) {
        auto *shown = label(numbers, TextRole::Muted, button);
        shown->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
        shown->setMinimumWidth(fontMetrics().horizontalAdvance(QStringLiteral("forget 100 → 100 %")));
        line->addWidget(shown);
    }
    auto *when = label(format::ago(QString::fromStdString(row.createdAt)), TextRole::Caption, button);
    when->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
    when->setMinimumWidth(fontMetrics().horizontalAdvance(QStringLiteral("59 min ago")));
    line->addWidget(when);
    button->setMinimumWidth(line->totalMinimumSize().width()); // a button does not ask its layout: with large text the parts would overlap
    for (QLabel *part : button->findChildren<QLabel *>())
        part->setAttribute(Qt::WA_TransparentForMouseEvents);
    connect(button, &QPushButton::clicked, this, [this, run = row.id] {
        m_workspace.setShownRun(run);
        m_workspace.showPage(QStringLiteral("pageLive"));
    });
    return button;
}

void WelcomePage::showModels()
{
    const QStringList recent = m_workspace.recentModels().mid(0, kModelsShown);
    if (recent == m_seenModels && m_models->count() > 0)
        return;
    m_seenModels = recent;
    clear(m_models);
    for (const QString &folder : recent)
        m_models->addWidget(modelRow(folder));
    if (recent.isEmpty())
        m_models->addWidget(nothing(tr("No model yet."), this));
}

QWidget *WelcomePage::modelRow(const QString &folder)
{
    const QFileInfo info(folder);
    const bool there = info.isDir();
    auto *row = rowButton(there ? tr("Model %1").arg(info.fileName()) : tr("Model %1, not found").arg(info.fileName()), this);
    row->setToolTip(folder);
    auto *line = new QHBoxLayout(row);
    line->setContentsMargins(Theme::space(2), 0, Theme::space(2), 0);
    line->setSpacing(Theme::space(2));
    auto *name = label(info.fileName(), there ? TextRole::Body : TextRole::Muted, row);
    auto *place = new ElidedLabel(there ? QDir::toNativeSeparators(info.absolutePath()) : tr("not found – locate…"), row);
    Theme::setRole(place, TextRole::Caption);
    place->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    line->addWidget(name);
    line->addWidget(place, 1);
    for (QLabel *part : row->findChildren<QLabel *>())
        part->setAttribute(Qt::WA_TransparentForMouseEvents);
    connect(row, &QPushButton::clicked, this, [this, folder, there] {
        QString chosen = folder;
        if (!there) {
            chosen = m_dialogs.chooseFolder(this, tr("Where is %1 now?").arg(QFileInfo(folder).fileName()), QFileInfo(folder).absolutePath());
            if (chosen.isEmpty())
                return;
            m_workspace.forgetModel(folder);
        }
        m_workspace.openModel(chosen);
        m_workspace.showPage(QStringLiteral("pageModels"));
    });
    return row;
}

void WelcomePage::showRecovery(const std::vector<RunRow> &rows)
{
    const auto found = std::find_if(rows.begin(), rows.end(), [](const RunRow &row) { return row.status == RunStatus::Interrupted; });
    const bool shown = found != rows.end() && m_workspace.settings().value(kDismissedKey).toLongLong() != found->id
        && m_workspace.activeRunId() != found->id;
    m_recovery->setVisible(shown);
    if (!shown || found->id == m_recoverable)
        return;
    m_recoverable = found->id;
    delete m_recovery->layout();
    for (QWidget *old : m_recovery->findChildren<QWidget *>(QString(), Qt::FindDirectChildrenOnly))
        old->deleteLater();
    m_recovery->setObjectName(QStringLiteral("recoveryBar"));
    Theme::mark(m_recovery, "messageLevel", QStringLiteral("warning"));
    auto *line = new QHBoxLayout(m_recovery);
    line->setContentsMargins(Theme::space(3), Theme::space(2), Theme::space(2), Theme::space(2));
    line->setSpacing(Theme::space(2));
    line->addWidget(new IconLabel(Theme::icon(QStringLiteral("warning"), Theme::warning), 5, m_recovery, tr("Warning")));
    const QString name = QString::fromStdString(found->name);
    const QString place = tr("step %1 of %2").arg(found->steps).arg(found->plannedSteps);
    const bool crashed = m_workspace.settings().value(kCrashedKey).toBool();
    auto *text = label(crashed ? tr("Lethe did not close properly. “%1” stopped at %2.").arg(name, place)
                               : tr("“%1” was left at %2.").arg(name, place), TextRole::Body, m_recovery);
    text->setObjectName(QStringLiteral("recoveryText"));
    text->setWordWrap(true);
    line->addWidget(text, 1);
    const auto button = [&](const QString &words, const char *id, auto act) {
        auto *made = new QPushButton(words, m_recovery);
        made->setObjectName(QLatin1String(id));
        connect(made, &QPushButton::clicked, this, act);
        line->addWidget(made);
        return made;
    };
    const RunId run = found->id;
    Theme::mark(button(tr("Resume"), "recoveryResume", [this, run] {
        if (const auto resumed = m_workspace.resumeRun(run); !resumed.ok()) {
            m_workspace.post({.level = Message::Level::Error, .text = QString::fromStdString(resumed.error().message()), .details = {},
                              .buttons = {{tr("Change and run again"), [this, run] { m_workspace.duplicateAsExperiment(run); }}},
                              .key = QStringLiteral("resume")});
            return;
        }
        m_recovery->hide();
        m_workspace.showPage(QStringLiteral("pageLive"));
    }), "primary");
    button(tr("Show"), "recoveryShow", [this, run] {
        m_workspace.setShownRun(run);
        m_workspace.showPage(QStringLiteral("pageLive"));
    });
    button(tr("Copy diagnostics"), "recoveryCopy", [run, name, place] {
        QGuiApplication::clipboard()->setText(QStringLiteral("Lethe %1\nrun %2 “%3” interrupted at %4\n")
                                                  .arg(QString::fromStdString(letheVersion())).arg(run).arg(name, place));
    });
    auto *close = new QToolButton(m_recovery);
    close->setIcon(Theme::icon(QStringLiteral("close")));
    close->setAccessibleName(tr("Dismiss"));
    close->setToolTip(tr("Dismiss; the run stays in Runs and can be resumed there"));
    connect(close, &QToolButton::clicked, this, [this, run] {
        m_workspace.settings().setValue(kDismissedKey, qint64(run));
        m_recovery->hide();
    });
    line->addWidget(close);
}

} // namespace lethe
