#include "RunDetailsPane.h"

#include "../parts/Background.h"
#include "../parts/Text.h"
#include "../welcome/RunStatusText.h"
#include "RunQuery.h"

#include <widgets/Format.h>
#include <widgets/Theme.h>

#include <QtCore/QDateTime>
#include <QtCore/QLocale>
#include <QtGui/QClipboard>
#include <QtGui/QGuiApplication>
#include <QtWidgets/QHBoxLayout>
#include <QtWidgets/QLabel>
#include <QtWidgets/QPlainTextEdit>
#include <QtWidgets/QPushButton>
#include <QtWidgets/QTabWidget>
#include <QtWidgets/QVBoxLayout>

namespace lethe {

namespace {

/// Two columns of words, the first as wide as its widest.
QString table(const QList<std::pair<QString, QString>> &lines)
{
    qsizetype width = 0;
    for (const auto &line : lines)
        width = std::max(width, line.first.size());
    QStringList text;
    for (const auto &line : lines)
        text << line.first.leftJustified(width + 2) + line.second;
    return text.join(u'\n');
}

QString localTime(const std::string &isoUtc)
{
    QDateTime time = QDateTime::fromString(toQt(isoUtc), Qt::ISODateWithMs);
    if (!time.isValid())
        return QStringLiteral("–");
    if (time.timeSpec() == Qt::LocalTime)
        time.setTimeSpec(Qt::UTC);
    return QLocale().toString(time.toLocalTime(), QLocale::ShortFormat);
}

QString logLineText(const LogLine &line)
{
    const auto time = std::chrono::duration_cast<std::chrono::milliseconds>(line.time.time_since_epoch()).count();
    return QDateTime::fromMSecsSinceEpoch(time).toString(QStringLiteral("hh:mm:ss.zzz  ")) + QString::fromUtf8(toString(line.level).data()).leftJustified(8)
        + toQt(line.source).leftJustified(10) + toQt(line.text);
}

/// Unchanged text is left alone: where it is scrolled to and what is marked in it stays.
void setText(QPlainTextEdit *edit, const QString &text)
{
    if (edit->toPlainText() != text)
        edit->setPlainText(text);
}

} // namespace

RunDetailsPane::RunDetailsPane(RunStore &store, QWidget *parent)
    : QWidget(parent), m_store(store), m_title(new QLabel(this)), m_line(new QLabel(this)), m_tabs(new QTabWidget(this))
{
    setObjectName(QStringLiteral("runDetails"));
    Theme::setRole(m_title, TextRole::Heading);
    m_title->setTextFormat(Qt::PlainText);
    m_line->setTextFormat(Qt::PlainText);
    Theme::setRole(m_line, TextRole::Muted);
    m_line->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    auto *copy = new QPushButton(Theme::icon(QStringLiteral("copy")), tr("Copy"), this);
    copy->setObjectName(QStringLiteral("runDetailsCopy"));
    copy->setToolTip(tr("Copy the text of the tab in front"));
    connect(copy, &QPushButton::clicked, this, &RunDetailsPane::copyTab);
    auto *head = new QHBoxLayout;
    head->setSpacing(Theme::space(3));
    head->addWidget(m_title);
    head->addWidget(m_line, 1);
    head->addWidget(copy);
    m_tabs->setObjectName(QStringLiteral("runDetailsTabs"));
    m_tabs->setDocumentMode(true);
    m_result = addTextTab(tr("Result"), QStringLiteral("runResult"));
    m_spec = addTextTab(tr("Spec"), QStringLiteral("runSpec"));
    m_events = addTextTab(tr("Events"), QStringLiteral("runEvents"));
    m_log = addTextTab(tr("Log"), QStringLiteral("runLog"));
    m_files = addTextTab(tr("Files"), QStringLiteral("runFiles"));
    m_provenance = addTextTab(tr("Provenance"), QStringLiteral("runProvenance"));
    auto *all = new QVBoxLayout(this);
    all->setContentsMargins(0, Theme::space(2), 0, 0);
    all->setSpacing(Theme::space(1));
    all->addLayout(head);
    all->addWidget(m_tabs, 1);
    showRun(0);
}

QPlainTextEdit *RunDetailsPane::addTextTab(const QString &title, const QString &objectName)
{
    auto *edit = new QPlainTextEdit(m_tabs);
    edit->setObjectName(objectName);
    edit->setAccessibleName(title);
    edit->setReadOnly(true);
    edit->setFont(Theme::monoFont());
    edit->setLineWrapMode(QPlainTextEdit::NoWrap);
    edit->setTabChangesFocus(true);
    Theme::mark(edit, "bare");
    m_tabs->addTab(edit, title);
    return edit;
}

void RunDetailsPane::copyTab()
{
    if (const auto *edit = qobject_cast<QPlainTextEdit *>(m_tabs->currentWidget()))
        QGuiApplication::clipboard()->setText(edit->toPlainText());
}

void RunDetailsPane::showRun(RunId run)
{
    if (run != 0 && run == m_run)
        return;
    m_run = run;
    m_tabs->setEnabled(run != 0);
    if (run == 0) {
        m_title->setText(tr("No run selected"));
        m_line->setText(tr("Select one to see its result, spec, events, log, files and provenance."));
        for (QPlainTextEdit *edit : {m_result, m_spec, m_events, m_log, m_files, m_provenance})
            edit->clear();
        return;
    }
    refresh();
}

void RunDetailsPane::refresh()
{
    m_again = m_reading;
    if (m_reading || m_run == 0)
        return;
    m_reading = true;
    struct Read {
        Result<RunDetails> details;
        Result<std::vector<LogLine>> log;
    };
    inBackground(this, [&store = m_store, run = m_run] { return Read{store.details(run), store.logLines(run)}; }, [this, run = m_run](const Read &read) {
        const Result<RunDetails> &details = read.details;
        m_reading = false;
        if (m_again || run != m_run) {
            m_again = false;
            refresh();
            return;
        }
        if (!details.ok()) {
            m_title->setText(tr("This run cannot be read"));
            m_line->setText(toQt(details.error().message()));
            return;
        }
        take(*details);
        takeLog(read.log);
        Q_EMIT shown(run);
    });
}

void RunDetailsPane::take(const RunDetails &details)
{
    const RunRow &row = details.row;
    m_title->setText(toQt(row.name));
    m_line->setText(row.failure.empty() ? tr("%1 · run %2").arg(statusWord(row.status)).arg(row.id)
                                        : tr("%1: %2 · run %3").arg(statusWord(row.status), toQt(row.failure)).arg(row.id));

    QList<std::pair<QString, QString>> lines{
        {tr("steps"), tr("%1 of %2").arg(format::count(row.steps), format::count(row.plannedSteps))},
        {tr("time"), format::duration(row.seconds)},
        {tr("speed"), row.tokensPerSecond > 0 ? format::rate(row.tokensPerSecond, QStringLiteral("tok")) : QStringLiteral("–")},
        {tr("peak memory"), row.peakMemoryBytes > 0 ? format::bytes(row.peakMemoryBytes) : QStringLiteral("–")},
        {tr("created"), localTime(row.createdAt)},
        {tr("ended"), localTime(row.endedAt)}};
    if (row.parent)
        lines << std::pair(tr("made from"), tr("run %1").arg(*row.parent));
    if (row.finalMetrics.empty())
        lines << std::pair(QString(), QString()) << std::pair(tr("metrics"), tr("none yet"));
    else
        lines << std::pair(QString(), QString()) << std::pair(tr("metric"), tr("untouched → last"));
    for (const MetricValue &metric : row.finalMetrics) {
        const QString id = toQt(metric.id);
        const int direction = format::metricDirection(id);
        const QString arrow = direction < 0 ? QStringLiteral(" ↓") : direction > 0 ? QStringLiteral(" ↑") : QString();
        QString reason = metric.value || metric.reason.empty() ? QString() : QStringLiteral("  (%1)").arg(toQt(metric.reason));
        if (const QString form = format::publishedForm(metric.variant); !form.isEmpty())
            reason += QStringLiteral("  [%1]").arg(form);
        lines << std::pair(id + arrow, QStringLiteral("%1 → %2%3").arg(format::metric(id, metricOf(row.baseMetrics, metric.id)),
                                                                       format::metric(id, metric.value), reason));
    }
    setText(m_result, table(lines));

    setText(m_spec, toQt(details.specJson));

    QStringList events;
    for (const EventRecord &event : details.events)
        events << tr("step %1  %2  %3").arg(event.step, 5).arg(toQt(event.kind).leftJustified(10), toQt(event.text));
    setText(m_events, events.isEmpty() ? tr("Nothing happened beside the steps.") : events.join(u'\n'));

    QList<std::pair<QString, QString>> files;
    std::int64_t bytes = 0;
    for (const CheckpointRecord &checkpoint : details.checkpoints) {
        files << std::pair(tr("step %1  %2").arg(checkpoint.step).arg(format::bytes(checkpoint.bytes)), toQt(checkpoint.path));
        bytes += checkpoint.bytes;
    }
    setText(m_files, files.isEmpty() ? tr("No checkpoint is kept.") : table(files));
    m_tabs->setTabText(m_tabs->indexOf(m_files), files.isEmpty() ? tr("Files") : tr("Files (%1)").arg(format::bytes(bytes)));

    const Provenance &from = details.provenance;
    QList<std::pair<QString, QString>> origin{{tr("Lethe"), toQt(from.letheVersion)}, {tr("LibTorch"), toQt(from.torchVersion)},
                                              {tr("Qt"), toQt(from.qtVersion)}, {tr("device"), toQt(from.device)}, {tr("host"), toQt(from.host)}};
    if (!details.origin.empty())
        origin << std::pair(tr("imported from"), toQt(details.origin));
    for (const auto &[file, hash] : from.fileHashes)
        origin << std::pair(QStringLiteral("sha256"), toQt(hash) + QStringLiteral("  ") + toQt(file));
    setText(m_provenance, table(origin));
}

void RunDetailsPane::takeLog(const Result<std::vector<LogLine>> &log)
{
    if (!log.ok()) {
        setText(m_log, toQt(log.error().message()));
        return;
    }
    QStringList lines;
    for (const LogLine &line : *log)
        lines << logLineText(line);
    setText(m_log, lines.isEmpty() ? tr("The run logged nothing.") : lines.join(u'\n'));
}

} // namespace lethe
