#include "Rail.h"

#include "Tones.h"

#include <widgets/Theme.h>

#include <QtGui/QPainter>
#include <QtWidgets/QHBoxLayout>
#include <QtWidgets/QToolButton>
#include <QtWidgets/QVBoxLayout>

namespace lethe {

RailButton::RailButton(const QString &title, const QString &icon, const QString &shortcut, QWidget *parent)
    : QAbstractButton(parent), m_usual(Theme::icon(icon, Theme::muted)), m_current(Theme::icon(icon, Theme::accent)), m_shortcut(shortcut)
{
    setText(title);
    setCheckable(true);
    setAutoExclusive(true);
    setFocusPolicy(Qt::TabFocus); // a click leaves the focus in the page
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Maximum); // large text on a low screen: closer together, not off it
    setCursor(Qt::PointingHandCursor);
    describe();
}

void RailButton::setBadge(const QString &badge)
{
    if (m_badge == badge)
        return;
    m_badge = badge;
    describe();
    update();
}

void RailButton::setFolded(bool folded)
{
    m_folded = folded;
    describe();
    updateGeometry();
    update();
}

void RailButton::describe()
{
    setAccessibleName(text());
    const QString sign = m_badge == QStringLiteral("▶") ? tr("running")
        : m_badge == QStringLiteral("⏸")               ? tr("paused")
        : m_badge == QStringLiteral("●")               ? tr("unsaved file")
                                                       : m_badge;
    setAccessibleDescription(sign);
    QString tip = m_folded ? text() : QString();
    if (!sign.isEmpty())
        tip += (tip.isEmpty() ? QString() : QStringLiteral(" – ")) + sign;
    setToolTip(tip.isEmpty() ? m_shortcut : tip + QStringLiteral("  ") + m_shortcut);
}

QSize RailButton::minimumSizeHint() const
{
    return {sizeHint().width(), fontMetrics().height() + Theme::space(2)};
}

QSize RailButton::sizeHint() const
{
    const int height = Theme::space(9);
    if (m_folded)
        return {Theme::space(10), height};
    QFont bold = font();
    bold.setWeight(QFont::DemiBold);
    return {Theme::space(3 + 5 + 3 + 9) + QFontMetrics(bold).horizontalAdvance(text()), height};
}

void RailButton::paintEvent(QPaintEvent *)
{
    const Tones &tones = Tones::current();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const QRectF body = QRectF(rect()).adjusted(1, 1, -1, -1);
    const double corner = Theme::space(3) / 2.0;
    if (isChecked() || underMouse() || isDown()) {
        painter.setPen(Qt::NoPen);
        painter.setBrush(isChecked() || isDown() ? tones.accentTint : tones.hover);
        painter.drawRoundedRect(body, corner, corner);
    }
    if (hasFocus()) {
        painter.setPen(QPen(tones.accent, 2));
        painter.setBrush(Qt::NoBrush);
        painter.drawRoundedRect(body, corner, corner);
    }
    const int side = Theme::space(5);
    const int left = m_folded ? (width() - side) / 2 : Theme::space(3);
    (isChecked() ? m_current : m_usual).paint(&painter, QRect(left, (height() - side) / 2, side, side));

    QFont face = font();
    if (isChecked())
        face.setWeight(QFont::DemiBold);
    painter.setFont(face);
    if (!m_folded) {
        painter.setPen(isChecked() ? tones.text : tones.muted);
        painter.drawText(QRect(left + side + Theme::space(3), 0, width(), height()), Qt::AlignVCenter | Qt::AlignLeft, text());
    }
    if (m_badge.isEmpty())
        return;
    QFont small = font();
    small.setPointSizeF(small.pointSizeF() * (m_folded ? 0.7 : 0.85));
    small.setWeight(QFont::DemiBold);
    painter.setFont(small);
    const int textWidth = QFontMetrics(small).horizontalAdvance(m_badge);
    const int pillHeight = Theme::space(m_folded ? 3 : 4) + 2;
    const int pillWidth = std::max(pillHeight, textWidth + Theme::space(2));
    const QRectF pill = m_folded ? QRectF(width() - pillWidth, 0, pillWidth, pillHeight)
                                 : QRectF(width() - Theme::space(2) - pillWidth, (height() - pillHeight) / 2.0, pillWidth, pillHeight);
    painter.setPen(Qt::NoPen);
    painter.setBrush(isChecked() ? tones.selection : tones.hover);
    painter.drawRoundedRect(pill, pillHeight / 2.0, pillHeight / 2.0);
    const QString sign = m_badge == QStringLiteral("▶") ? QStringLiteral("play") : m_badge == QStringLiteral("⏸") ? QStringLiteral("pause") : QString();
    if (!sign.isEmpty()) { // as an icon: not every font has these signs
        const double edge = pillHeight * 0.7;
        QRectF place(0, 0, edge, edge);
        place.moveCenter(pill.center());
        Theme::icon(sign).paint(&painter, place.toAlignedRect());
        return;
    }
    painter.setPen(tones.text);
    painter.drawText(pill, Qt::AlignCenter, m_badge);
}

void RailButton::enterEvent(QEnterEvent *)
{
    update();
}

void RailButton::leaveEvent(QEvent *)
{
    update();
}

Rail::Rail(QWidget *parent)
    : QFrame(parent), m_pages(new QVBoxLayout), m_settings(new QToolButton(this)), m_fold(new QToolButton(this))
{
    setObjectName(QStringLiteral("rail"));
    setAccessibleName(tr("Screens"));
    m_pages->setSpacing(Theme::space(1) / 2);
    auto *below = new QHBoxLayout;
    below->setSpacing(Theme::space(1));
    m_settings->setObjectName(QStringLiteral("railSettings"));
    m_settings->setIcon(Theme::icon(QStringLiteral("settings"), Theme::muted));
    m_settings->setAccessibleName(tr("Settings"));
    m_settings->setToolTip(tr("Settings  Ctrl+,"));
    m_fold->setObjectName(QStringLiteral("railFold"));
    m_fold->setIcon(Theme::icon(QStringLiteral("sidebar"), Theme::muted));
    m_fold->setAccessibleName(tr("Fold the names away"));
    m_fold->setToolTip(tr("Fold the names away  Ctrl+B"));
    for (QToolButton *button : {m_settings, m_fold}) {
        button->setFocusPolicy(Qt::TabFocus);
        button->setIconSize({Theme::space(5), Theme::space(5)});
        below->addWidget(button);
    }
    below->addStretch();
    auto *all = new QVBoxLayout(this);
    all->setContentsMargins(Theme::space(2), Theme::space(2), Theme::space(2), Theme::space(2));
    all->addLayout(m_pages);
    all->addStretch();
    all->addLayout(below);
    connect(m_settings, &QToolButton::clicked, this, &Rail::settingsChosen);
    connect(m_fold, &QToolButton::clicked, this, [this] { setFolded(!m_folded); });
}

void Rail::addPage(const QString &id, const QString &title, const QString &icon, const QString &shortcut)
{
    auto *button = new RailButton(title, icon, shortcut, this);
    button->setObjectName(QStringLiteral("rail-") + id);
    m_buttons.emplace(id, button);
    m_pages->addWidget(button);
    // Toggled, not clicked: the arrow keys move within the group too
    connect(button, &RailButton::toggled, this, [this, id](bool on) {
        if (on)
            Q_EMIT pageChosen(id);
    });
}

void Rail::setCurrent(const QString &id)
{
    const auto found = m_buttons.find(id);
    if (found == m_buttons.end())
        return;
    const QSignalBlocker quiet(found->second); // shown already: nobody chose it here
    found->second->setChecked(true);
    found->second->update();
}

void Rail::setBadge(const QString &id, const QString &badge)
{
    if (const auto found = m_buttons.find(id); found != m_buttons.end())
        found->second->setBadge(badge);
}

void Rail::setFolded(bool folded)
{
    if (m_folded == folded)
        return;
    m_folded = folded;
    for (const auto &[id, button] : m_buttons)
        button->setFolded(folded);
    m_settings->setVisible(!folded);
    Q_EMIT foldedChanged();
}

} // namespace lethe
