#pragma once

#include "PlotScene.h"

namespace lethe {

/// Draws one curve: the raw values at 35 % behind, the smoothed ones in front, gaps where a value is not finite with a ▲ and
/// the step at the edge. On the screen it draws what one pixel column can show; in exports every point.
class CurvePlottable : public QCPAbstractPlottable
{
    Q_OBJECT

public:
    CurvePlottable(QCPAxis *keyAxis, QCPAxis *valueAxis);

    void setCurve(const PlotCurve &curve, const PlotStyle &style);
    const PlotCurve &curve() const { return m_curve; }

    double selectTest(const QPointF &pos, bool onlySelectable, QVariant *details = nullptr) const override;
    QCPRange getKeyRange(bool &foundRange, QCP::SignDomain inSignDomain = QCP::sdBoth) const override;
    QCPRange getValueRange(bool &foundRange, QCP::SignDomain inSignDomain = QCP::sdBoth,
                           const QCPRange &inKeyRange = QCPRange()) const override;

protected:
    void draw(QCPPainter *painter) override;
    void drawLegendIcon(QCPPainter *painter, const QRectF &rect) const override;

private:
    void drawLine(QCPPainter &painter, std::span<const double> values, const QPen &pen, bool withMarkers);
    void drawGaps(QCPPainter &painter);

    PlotCurve m_curve;
    PlotStyle m_style;
};

/// Level lines over the whole width, each with its name at the right end.
class LevelLines : public QCPLayerable
{
    Q_OBJECT

public:
    explicit LevelLines(QCustomPlot *plot);
    /// \p curves: what the labels keep clear of.
    void setLevels(const std::vector<PlotLevel> &levels, const std::vector<PlotCurve> &curves, const PlotStyle &style);

protected:
    void applyDefaultAntialiasingHint(QCPPainter *painter) const override;
    QRect clipRect() const override;
    void draw(QCPPainter *painter) override;

private:
    /// How many places of \p rect a curve runs through.
    int crossings(const QRectF &rect) const;

    std::vector<PlotLevel> m_levels;
    std::vector<PlotCurve> m_curves;
    PlotStyle m_style;
};

} // namespace lethe
