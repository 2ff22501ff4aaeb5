#include "HeatStrip.h"

#include <widgets/Format.h>
#include <widgets/Theme.h>

#include <QtGui/QHelpEvent>
#include <QtGui/QKeyEvent>
#include <QtGui/QPainter>
#include <QtWidgets/QToolTip>

#include <algorithm>
#include <cmath>

namespace lethe {

HeatStrip::HeatStrip(QWidget *parent) : QWidget(parent)
{
    setFocusPolicy(Qt::StrongFocus);
    setMouseTracking(true);
    QSizePolicy policy(QSizePolicy::Expanding, QSizePolicy::Minimum);
    policy.setHeightForWidth(true);
    setSizePolicy(policy);
}

void HeatStrip::show(const std::vector<TokenScore> &tokens, const QString &name)
{
    m_tokens.clear();
    m_pointed = -1;
    const TokenScore *least = nullptr;
    for (const TokenScore &token : tokens) {
        m_tokens.push_back({.text = QString::fromStdString(token.text), .logProbability = token.logProbability, .place = {}});
        if (!least || token.logProbability < least->logProbability)
            least = &token;
    }
    setAccessibleName(name);
    setAccessibleDescription(least ? tr("%n token(s); the least likely is “%1”, probability %2", nullptr, static_cast<int>(tokens.size()))
                                         .arg(QString::fromStdString(least->text).trimmed(), format::probability(std::exp(least->logProbability)))
                                   : QString());
    layOut(width(), m_tokens);
    updateGeometry();
    update();
}

int HeatStrip::layOut(int width, std::vector<Token> &tokens) const
{
    const QFontMetrics metrics(font());
    const int pad = std::max(1, Theme::space(1) / 2), line = metrics.height() + Theme::space(2), gap = Theme::space(1) / 2;
    int x = 0, y = 0;
    for (Token &token : tokens) {
        QString shown = token.text;
        shown.replace(QLatin1Char('\n'), QStringLiteral("⏎"));
        const int wide = std::max(metrics.horizontalAdvance(shown), metrics.averageCharWidth() / 2) + 2 * pad;
        if (x > 0 && x + wide > width) {
            x = 0;
            y += line + gap;
        }
        token.place = QRect(x, y, wide, line);
        x += wide + 1;
    }
    return tokens.empty() ? 0 : y + line;
}

QSize HeatStrip::sizeHint() const
{
    const int width = fontMetrics().averageCharWidth() * 40;
    return {width, heightForWidth(width)};
}

int HeatStrip::heightForWidth(int width) const
{
    std::vector<Token> tokens = m_tokens;
    return layOut(width, tokens);
}

void HeatStrip::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    const QColor ink = palette().color(QPalette::WindowText), tint = Theme::addedTint(), bar = Theme::curve(CurveRole::Retain);
    const int foot = std::max(2, Theme::space(1) / 2);
    for (std::size_t i = 0; i < m_tokens.size(); ++i) {
        const Token &token = m_tokens[i];
        const double p = std::isfinite(token.logProbability) ? std::clamp(std::exp(token.logProbability), 0.0, 1.0) : 0;
        QColor ground = tint;
        ground.setAlphaF(static_cast<float>(tint.alphaF() * p));
        painter.fillRect(token.place, ground);
        // never by colour alone
        painter.fillRect(QRect(token.place.left(), token.place.bottom() - foot + 1, qRound(p * token.place.width()), foot), bar);
        QString shown = token.text;
        shown.replace(QLatin1Char('\n'), QStringLiteral("⏎"));
        painter.setPen(ink);
        painter.drawText(token.place.adjusted(0, 0, 0, -foot), Qt::AlignCenter, shown);
        if (static_cast<int>(i) == m_pointed) {
            painter.setPen(QPen(hasFocus() ? Theme::accent() : Theme::muted(), 1));
            painter.drawRect(token.place.adjusted(0, 0, -1, -1));
        }
    }
}

void HeatStrip::resizeEvent(QResizeEvent *event)
{
    QWidget::resizeEvent(event);
    layOut(width(), m_tokens);
}

void HeatStrip::changeEvent(QEvent *event)
{
    QWidget::changeEvent(event);
    if (event->type() == QEvent::FontChange) {
        layOut(width(), m_tokens);
        updateGeometry();
    }
}

int HeatStrip::tokenAt(const QPoint &at) const
{
    const auto found = std::ranges::find_if(m_tokens, [&at](const Token &token) { return token.place.contains(at); });
    return found == m_tokens.end() ? -1 : static_cast<int>(found - m_tokens.begin());
}

QString HeatStrip::textOf(const Token &token) const
{
    return tr("“%1”  p = %2, log p = %3")
        .arg(QString(token.text).replace(QLatin1Char('\n'), QStringLiteral("⏎")), format::probability(std::exp(token.logProbability)), format::loss(token.logProbability));
}

QString HeatStrip::pointedText() const
{
    return m_pointed >= 0 ? textOf(m_tokens[static_cast<std::size_t>(m_pointed)]) : QString();
}

void HeatStrip::point(int token)
{
    if (token == m_pointed)
        return;
    m_pointed = token;
    update();
    Q_EMIT pointed(pointedText());
}

void HeatStrip::mouseMoveEvent(QMouseEvent *event)
{
    point(tokenAt(event->pos()));
}

void HeatStrip::focusInEvent(QFocusEvent *event)
{
    QWidget::focusInEvent(event);
    if (m_pointed < 0 && !m_tokens.empty())
        point(0);
}

void HeatStrip::keyPressEvent(QKeyEvent *event)
{
    const int last = static_cast<int>(m_tokens.size()) - 1;
    switch (event->key()) {
    case Qt::Key_Left: point(std::max(0, m_pointed - 1)); break;
    case Qt::Key_Right: point(std::min(last, m_pointed + 1)); break;
    case Qt::Key_Home: point(std::min(last, 0)); break;
    case Qt::Key_End: point(last); break;
    default: QWidget::keyPressEvent(event);
    }
}

bool HeatStrip::event(QEvent *event)
{
    if (event->type() != QEvent::ToolTip)
        return QWidget::event(event);
    const auto *help = static_cast<QHelpEvent *>(event);
    if (const int token = tokenAt(help->pos()); token >= 0)
        QToolTip::showText(help->globalPos(), textOf(m_tokens[static_cast<std::size_t>(token)]), this);
    else
        QToolTip::hideText();
    return true;
}

} // namespace lethe
