#include "MessageBar.h"

#include "IconLabel.h"

#include <widgets/Theme.h>

#include <QtCore/QTimer>
#include <QtGui/QClipboard>
#include <QtGui/QGuiApplication>
#include <QtWidgets/QHBoxLayout>
#include <QtWidgets/QLabel>
#include <QtWidgets/QPlainTextEdit>
#include <QtWidgets/QPushButton>
#include <QtWidgets/QToolButton>
#include <QtWidgets/QVBoxLayout>

#include <algorithm>

namespace lethe {

namespace {

constexpr int kInfoMilliseconds = 15000; ///< plain news makes room by itself; it stays in the log
constexpr int kDetailLines = 8;

const char *levelName(Message::Level level)
{
    switch (level) {
    case Message::Level::Info: return "info";
    case Message::Level::Success: return "success";
    case Message::Level::Warning: return "warning";
    case Message::Level::Error: break;
    }
    return "error";
}

QIcon levelIcon(Message::Level level)
{
    switch (level) {
    case Message::Level::Info: return Theme::icon(QStringLiteral("info"), Theme::accent);
    case Message::Level::Success: return Theme::icon(QStringLiteral("success"), Theme::success);
    case Message::Level::Warning: return Theme::icon(QStringLiteral("warning"), Theme::warning);
    case Message::Level::Error: break;
    }
    return Theme::icon(QStringLiteral("error"), Theme::error);
}

QString levelWord(Message::Level level)
{
    switch (level) {
    case Message::Level::Info: return MessageBar::tr("Note");
    case Message::Level::Success: return MessageBar::tr("Done");
    case Message::Level::Warning: return MessageBar::tr("Warning");
    case Message::Level::Error: break;
    }
    return MessageBar::tr("Error");
}

} // namespace

MessageBar::MessageBar(QWidget *parent)
    : QFrame(parent), m_rows(new QVBoxLayout(this))
{
    setObjectName(QStringLiteral("messageBar"));
    setAccessibleName(tr("Messages"));
    m_rows->setContentsMargins(Theme::space(5), 0, Theme::space(5), Theme::space(2));
    m_rows->setSpacing(Theme::space(1));
    hide();
}

void MessageBar::post(const Message &message)
{
    Shown shown{.message = message, .repeats = 1, .detailsOpen = false, .order = ++m_order};
    if (!message.key.isEmpty()) {
        const auto same = std::ranges::find_if(m_shown, [&](const Shown &old) { return old.message.key == message.key; });
        if (same != m_shown.end()) {
            if (same->message.text == message.text)
                shown.repeats = same->repeats + 1;
            shown.detailsOpen = same->detailsOpen;
            m_shown.erase(same);
        }
    }
    const auto place = std::ranges::find_if(m_shown, [&](const Shown &old) { return old.message.level <= message.level; });
    m_shown.insert(place, shown);
    if (message.level == Message::Level::Info && message.buttons.isEmpty())
        QTimer::singleShot(kInfoMilliseconds, this, [this, order = shown.order] { remove(order); });
    rebuild();
}

void MessageBar::dismiss(const QString &key)
{
    if (std::erase_if(m_shown, [&](const Shown &shown) { return shown.message.key == key; }) > 0)
        rebuild();
}

void MessageBar::remove(int order)
{
    if (std::erase_if(m_shown, [order](const Shown &shown) { return shown.order == order; }) > 0)
        rebuild();
}

QString MessageBar::topText() const
{
    return m_shown.empty() ? QString() : m_shown.front().message.text;
}

int MessageBar::repeats() const
{
    return m_shown.empty() ? 0 : m_shown.front().repeats;
}

void MessageBar::rebuild()
{
    while (QLayoutItem *item = m_rows->takeAt(0)) {
        if (QWidget *row = item->widget()) {
            row->hide();
            row->deleteLater(); // we may be in one of its buttons
        }
        delete item;
    }
    if (m_shown.size() < 2)
        m_unfolded = false;
    const std::size_t shown = m_unfolded ? m_shown.size() : std::min<std::size_t>(1, m_shown.size());
    for (std::size_t i = 0; i < shown; ++i) {
        QWidget *row = makeRow(i, i == 0 ? static_cast<int>(m_shown.size()) - 1 : 0);
        m_rows->addWidget(row);
        row->show(); // now: a layout would show it a round later, and the bar would flicker
    }
    setVisible(!m_shown.empty());
}

QWidget *MessageBar::makeRow(std::size_t index, int hidden)
{
    const Shown &shown = m_shown[index];
    const int order = shown.order;
    auto *row = new QFrame(this);
    row->setObjectName(QStringLiteral("message"));
    row->setProperty("messageLevel", QLatin1String(levelName(shown.message.level)));
    auto *all = new QVBoxLayout(row);
    all->setContentsMargins(Theme::space(3), Theme::space(1), Theme::space(1), Theme::space(1));
    all->setSpacing(Theme::space(1));
    auto *line = new QHBoxLayout;
    line->setSpacing(Theme::space(2));
    all->addLayout(line);

    auto *icon = new IconLabel(levelIcon(shown.message.level), 5, row, levelWord(shown.message.level));
    line->addWidget(icon, 0, Qt::AlignTop);
    auto *text = new QLabel(row);
    text->setObjectName(QStringLiteral("messageText"));
    text->setTextFormat(Qt::PlainText);
    text->setText(shown.repeats > 1 ? tr("%1 (×%2)").arg(shown.message.text).arg(shown.repeats) : shown.message.text);
    text->setWordWrap(true);
    text->setTextInteractionFlags(Qt::TextSelectableByMouse);
    text->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::MinimumExpanding);
    line->addWidget(text, 1);
    for (const Message::Button &wanted : shown.message.buttons) {
        auto *button = new QPushButton(wanted.text, row);
        button->setAutoDefault(false);
        connect(button, &QPushButton::clicked, this, [this, order, act = wanted.act] {
            remove(order);
            if (act)
                act();
        });
        line->addWidget(button, 0, Qt::AlignTop);
    }
    if (!shown.message.details.isEmpty()) {
        auto *details = new QPushButton(shown.detailsOpen ? tr("Hide details") : tr("Details"), row);
        Theme::mark(details, "flat");
        details->setAutoDefault(false);
        connect(details, &QPushButton::clicked, this, [this, order] {
            for (Shown &one : m_shown)
                if (one.order == order)
                    one.detailsOpen = !one.detailsOpen;
            rebuild();
        });
        line->addWidget(details, 0, Qt::AlignTop);
    }
    if (hidden > 0) {
        auto *more = new QPushButton(m_unfolded ? tr("Fold") : tr("%n more", nullptr, hidden), row);
        more->setObjectName(QStringLiteral("messageMore"));
        Theme::mark(more, "flat");
        more->setAutoDefault(false);
        connect(more, &QPushButton::clicked, this, [this] {
            m_unfolded = !m_unfolded;
            rebuild();
        });
        line->addWidget(more, 0, Qt::AlignTop);
    }
    auto *close = new QToolButton(row);
    close->setObjectName(QStringLiteral("messageClose"));
    close->setIcon(Theme::icon(QStringLiteral("close")));
    close->setAccessibleName(tr("Dismiss"));
    close->setToolTip(tr("Dismiss"));
    connect(close, &QToolButton::clicked, this, [this, order] { remove(order); });
    line->addWidget(close, 0, Qt::AlignTop);

    if (shown.detailsOpen) {
        auto *details = new QPlainTextEdit(shown.message.details, row);
        details->setReadOnly(true);
        details->setAccessibleName(tr("Details"));
        details->setFont(Theme::monoFont());
        details->setMaximumHeight(QFontMetrics(details->font()).lineSpacing() * kDetailLines);
        all->addWidget(details);
        auto *copy = new QPushButton(Theme::icon(QStringLiteral("copy")), tr("Copy details"), row);
        copy->setAutoDefault(false);
        connect(copy, &QPushButton::clicked, this, [text = shown.message.text + QLatin1Char('\n') + shown.message.details] {
            QGuiApplication::clipboard()->setText(text);
        });
        all->addWidget(copy, 0, Qt::AlignLeft);
    }
    return row;
}

} // namespace lethe
