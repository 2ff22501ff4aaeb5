#include "LogConsole.h"

#include "LogModel.h"

#include <widgets/Dialogs.h>
#include <widgets/Theme.h>

#include <lethe/base/Paths.h>

#include <QtGui/QAction>
#include <QtGui/QClipboard>
#include <QtGui/QGuiApplication>
#include <QtWidgets/QComboBox>
#include <QtWidgets/QHBoxLayout>
#include <QtWidgets/QHeaderView>
#include <QtWidgets/QLineEdit>
#include <QtWidgets/QScrollBar>
#include <QtWidgets/QTableView>
#include <QtWidgets/QToolButton>
#include <QtWidgets/QVBoxLayout>

namespace lethe {

LogConsole::LogConsole(Dialogs &dialogs, QWidget *parent)
    : QDockWidget(tr("Log"), parent), m_dialogs(dialogs), m_lines(new LogModel(this)), m_filter(new LogFilter(this)),
      m_table(new QTableView), m_text(new QLineEdit)
{
    setObjectName(QStringLiteral("logConsole"));
    setFeatures(QDockWidget::DockWidgetClosable | QDockWidget::DockWidgetMovable);
    m_filter->setSourceModel(m_lines);
    m_table->setObjectName(QStringLiteral("logTable"));
    m_table->setAccessibleName(tr("Log lines"));
    m_table->setModel(m_filter);
    m_table->verticalHeader()->hide();
    m_table->verticalHeader()->setDefaultSectionSize(Theme::space(6));
    m_table->setShowGrid(false);
    m_table->setWordWrap(false);
    m_table->setFont(Theme::monoFont());
    m_table->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_table->setHorizontalScrollMode(QAbstractItemView::ScrollPerPixel);
    m_table->horizontalHeader()->setStretchLastSection(true);
    m_table->horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    const QFontMetrics metrics(m_table->font());
    m_table->setColumnWidth(0, metrics.horizontalAdvance(QStringLiteral("00:00:00.000")) + Theme::space(6));
    m_table->setColumnWidth(1, metrics.horizontalAdvance(QStringLiteral("warning")) + Theme::space(6));
    m_table->setColumnWidth(2, metrics.horizontalAdvance(QStringLiteral("tokenizer")) + Theme::space(6));

    auto *level = new QComboBox;
    level->setAccessibleName(tr("Lowest level shown"));
    level->addItem(tr("Everything"), static_cast<int>(LogLevel::Debug));
    level->addItem(tr("Info and above"), static_cast<int>(LogLevel::Info));
    level->addItem(tr("Warnings and errors"), static_cast<int>(LogLevel::Warning));
    level->setCurrentIndex(1);
    m_text->setPlaceholderText(tr("Filter by source or text"));
    m_text->setAccessibleName(tr("Filter the log"));
    m_text->setClearButtonEnabled(true);
    const auto button = [](const QString &icon, const QString &what) {
        auto *made = new QToolButton;
        made->setIcon(Theme::icon(icon));
        made->setToolTip(what);
        made->setAccessibleName(what);
        return made;
    };
    auto *copy = button(QStringLiteral("copy"), tr("Copy the selected lines, or all that are shown"));
    auto *saveButton = button(QStringLiteral("save"), tr("Save what is shown…"));
    auto *clear = button(QStringLiteral("trash"), tr("Clear the view (the log file keeps its lines)"));

    auto *content = new QWidget(this);
    auto *all = new QVBoxLayout(content);
    all->setContentsMargins(Theme::space(2), Theme::space(1), Theme::space(2), Theme::space(2));
    all->setSpacing(Theme::space(1));
    auto *tools = new QHBoxLayout;
    tools->addWidget(level);
    tools->addWidget(m_text, 1);
    tools->addWidget(copy);
    tools->addWidget(saveButton);
    tools->addWidget(clear);
    all->addLayout(tools);
    all->addWidget(m_table, 1);
    setWidget(content);

    connect(level, &QComboBox::currentIndexChanged, this,
            [this, level] { m_filter->setLevel(static_cast<LogLevel>(level->currentData().toInt())); });
    connect(m_text, &QLineEdit::textChanged, m_filter, &LogFilter::setText);
    connect(copy, &QToolButton::clicked, this, [this] { QGuiApplication::clipboard()->setText(shownText(true)); });
    connect(saveButton, &QToolButton::clicked, this, &LogConsole::save);
    connect(clear, &QToolButton::clicked, m_lines, &LogModel::clear);
    QScrollBar *bar = m_table->verticalScrollBar();
    connect(bar, &QScrollBar::actionTriggered, this, [this, bar] { m_follow = bar->sliderPosition() >= bar->maximum(); });
    connect(bar, &QScrollBar::valueChanged, this, [this, bar](int value) { m_follow = value >= bar->maximum(); });
    connect(m_filter, &QAbstractItemModel::rowsAboutToBeInserted, this, [this, bar] { m_follow = bar->value() >= bar->maximum(); });
    connect(m_filter, &QAbstractItemModel::rowsInserted, this, [this] {
        if (m_follow)
            QMetaObject::invokeMethod(m_table, &QTableView::scrollToBottom, Qt::QueuedConnection);
    });
}

void LogConsole::focusFilter()
{
    m_text->setFocus();
}

QString LogConsole::shownText(bool selectedOnly) const
{
    QStringList lines;
    const QItemSelectionModel *selection = m_table->selectionModel();
    const bool some = selectedOnly && selection->hasSelection();
    for (int row = 0; row < m_filter->rowCount(); ++row)
        if (!some || selection->isRowSelected(row))
            lines << m_lines->lineText(m_filter->mapToSource(m_filter->index(row, 0)).row());
    return lines.join(QLatin1Char('\n')) + QLatin1Char('\n');
}

void LogConsole::save()
{
    const QString file = m_dialogs.saveFile(this, tr("Save the log"), QStringLiteral("lethe-log.txt"), tr("Text (*.txt)"));
    if (file.isEmpty())
        return;
    if (const auto written = writeFile(file.toStdString(), shownText(false).toStdString()); !written.ok())
        log(LogLevel::Error, "log", written.error().message());
}

} // namespace lethe
