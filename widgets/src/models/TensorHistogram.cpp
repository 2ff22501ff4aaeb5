#include "TensorHistogram.h"

#include "../frame/Tones.h"

#include <widgets/Format.h>
#include <widgets/Theme.h>

#include <QtGui/QHelpEvent>
#include <QtGui/QPainter>
#include <QtWidgets/QLabel>
#include <QtWidgets/QToolTip>
#include <QtWidgets/QVBoxLayout>

#include <algorithm>
#include <cmath>

namespace lethe {

/// Heights are logarithms: the tails of a weight matrix are what one looks for, and hold a few values in a million.
class TensorHistogram::Bars final : public QWidget
{
public:
    using QWidget::QWidget;

    void setFacts(const TensorFacts &facts)
    {
        m_facts = facts;
        update();
    }
    QSize sizeHint() const override { return {Theme::space(60), Theme::space(22)}; }
    QSize minimumSizeHint() const override { return {Theme::space(20), Theme::space(16)}; }

protected:
    void paintEvent(QPaintEvent *) override
    {
        const auto &bins = m_facts.histogram;
        if (bins.empty())
            return;
        QPainter painter(this);
        const QFontMetrics metrics(font());
        const int foot = metrics.height() + Theme::space(1);
        const QRectF area(0, 0, width(), height() - foot);
        const double most = std::log1p(static_cast<double>(*std::max_element(bins.begin(), bins.end())));
        const double step = area.width() / static_cast<double>(bins.size());
        for (std::size_t i = 0; i < bins.size(); ++i) {
            const double high = most > 0 ? area.height() * std::log1p(static_cast<double>(bins[i])) / most : 0;
            painter.fillRect(QRectF(step * static_cast<double>(i), area.bottom() - high, std::max(1.0, step - 1), high), Theme::accent());
        }
        painter.setPen(Tones::current().border);
        painter.drawLine(area.bottomLeft(), area.bottomRight());
        painter.setPen(Theme::muted());
        const QRectF line(0, height() - foot, width(), foot);
        painter.drawText(line, Qt::AlignLeft | Qt::AlignBottom, format::loss(m_facts.least));
        painter.drawText(line, Qt::AlignRight | Qt::AlignBottom, format::loss(m_facts.greatest));
        const double zero = m_facts.greatest > m_facts.least ? -m_facts.least / (m_facts.greatest - m_facts.least) : -1;
        if (zero > 0.15 && zero < 0.85) {
            const double x = area.width() * zero;
            painter.drawText(QRectF(x - area.width() / 4, line.top(), area.width() / 2, foot), Qt::AlignHCenter | Qt::AlignBottom, QStringLiteral("0"));
        }
    }

    bool event(QEvent *event) override
    {
        if (event->type() != QEvent::ToolTip || m_facts.histogram.empty())
            return QWidget::event(event);
        auto *help = static_cast<QHelpEvent *>(event);
        const auto count = static_cast<int>(m_facts.histogram.size());
        const int bin = std::clamp(help->pos().x() * count / std::max(1, width()), 0, count - 1);
        const double part = (m_facts.greatest - m_facts.least) / count;
        QToolTip::showText(help->globalPos(), tr("%1 values from %2 to %3").arg(format::count(m_facts.histogram[static_cast<std::size_t>(bin)]),
                                                                              format::loss(m_facts.least + part * bin), format::loss(m_facts.least + part * (bin + 1))),
                           this);
        return true;
    }

private:
    TensorFacts m_facts;
};

TensorHistogram::TensorHistogram(QWidget *parent)
    : QWidget(parent), m_name(new QLabel(this)), m_figures(new QLabel(this)), m_bars(new Bars(this))
{
    Theme::setRole(m_name, TextRole::Heading);
    Theme::setRole(m_figures, TextRole::Muted);
    m_name->setTextFormat(Qt::PlainText);
    m_figures->setObjectName(QStringLiteral("tensorFigures"));
    m_figures->setWordWrap(true);
    m_bars->setObjectName(QStringLiteral("tensorHistogram"));
    m_bars->setAccessibleName(tr("Distribution of the values"));
    auto *all = new QVBoxLayout(this);
    all->setContentsMargins(0, Theme::space(1), 0, 0);
    all->setSpacing(Theme::space(1));
    all->addWidget(m_name);
    all->addWidget(m_figures);
    all->addWidget(m_bars);
}

void TensorHistogram::setFacts(const QString &name, const TensorFacts &facts)
{
    m_name->setText(name);
    QStringList words{tr("%1 values").arg(format::count(facts.count))};
    if (facts.count > facts.notFinite)
        words << tr("norm %1").arg(format::loss(facts.norm)) << tr("mean %1").arg(format::loss(facts.mean))
              << tr("deviation %1").arg(format::loss(facts.deviation)) << tr("bars in logarithms of their counts");
    if (facts.notFinite > 0)
        words << tr("%1 not finite").arg(format::count(facts.notFinite));
    m_figures->setText(words.join(QStringLiteral("  ·  ")));
    m_bars->setAccessibleDescription(m_figures->text());
    Theme::setRole(m_figures, facts.notFinite > 0 ? TextRole::Warning : TextRole::Muted);
    m_bars->setFacts(facts);
}

void TensorHistogram::setPending(const QString &name)
{
    m_name->setText(name);
    Theme::setRole(m_figures, TextRole::Muted);
    m_figures->setText(tr("Reading its values…"));
    m_bars->setFacts({});
}

void TensorHistogram::setFailure(const QString &words)
{
    Theme::setRole(m_figures, TextRole::Warning);
    m_figures->setText(words);
    m_bars->setFacts({});
}

void TensorHistogram::clear()
{
    m_name->clear();
    m_figures->clear();
    m_bars->setFacts({});
}

} // namespace lethe
