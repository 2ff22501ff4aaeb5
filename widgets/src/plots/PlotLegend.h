#pragma once

#include "PlotScene.h"

#include <QtWidgets/QAbstractButton>
#include <QtWidgets/QWidget>

namespace lethe {

/// One curve's entry: its line as drawn, its name, and the value at the crosshair (else the last one).
class LegendEntry : public QAbstractButton
{
    Q_OBJECT

public:
    explicit LegendEntry(QWidget *parent = nullptr);
    void setCurve(const PlotCurve &curve);
    void setValue(const QString &value, const QString &full);

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override { return {sizeHint().height() * 2, sizeHint().height()}; }

Q_SIGNALS:
    void hoverChanged(bool on);
    void soloRequested();

protected:
    void paintEvent(QPaintEvent *event) override;
    void enterEvent(QEnterEvent *event) override;
    void leaveEvent(QEvent *event) override;
    void mouseReleaseEvent(QMouseEvent *event) override;
    void changeEvent(QEvent *event) override;

private:
    PlotCurve m_curve;
    QString m_value;
    mutable int m_widestValue = 0; ///< never shrinks: entries must not wander while the pointer moves
};

/// Outside the data. Click hides a curve, Alt+click shows it alone, hovering raises it. With more than twelve curves the legend
/// names the first twelve and counts the others; the picture keeps them all.
class PlotLegend : public QWidget
{
    Q_OBJECT

public:
    explicit PlotLegend(QWidget *parent = nullptr);
    void setCurves(const std::vector<PlotCurve> &curves);
    void setValue(std::size_t curve, const QString &value, const QString &full);
    std::size_t shownEntries() const { return m_entries.size(); }
    LegendEntry *entry(std::size_t curve) const { return m_entries.at(curve); }

Q_SIGNALS:
    void toggled(std::size_t curve);
    void soloRequested(std::size_t curve);
    void raised(std::size_t curve, bool on);
    void menuRequested(std::size_t curve, const QPoint &globalPosition);

private:
    std::vector<LegendEntry *> m_entries;
    class QLabel *m_more;
};

} // namespace lethe
