#pragma once

#include "Card.h"
#include "CurveData.h"
#include "FollowRange.h"
#include "PlotExport.h"
#include "PlotScene.h"

#include <QtCore/QElapsedTimer>
#include <QtCore/QTimer>

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

class QAction;
class QLabel;
class QMenu;
class QSettings;
class QSlider;
class QToolButton;

namespace lethe {

class PlotCanvas;
class PlotGroup;
class PlotLegend;

/// One point of a curve as it arrives.
struct PlotPoint {
    double step = 0;
    double value = 0;
    std::optional<double> x; ///< where x is not the step
};

/// A plot with its manners (§5.3 of the experience page): title, titled axes, legend with read-out, log axis, smoothing, linked
/// x, crosshair, follow, export. Points are appended only; what is hidden is not drawn, what is shown at most four times a second.
class PlotPanel : public Card
{
    Q_OBJECT

public:
    /// \param kind names the panel in the settings (`loss`): log axis and smoothing are kept under it.
    /// \param settings may be null: then nothing is kept.
    PlotPanel(const QString &kind, const QString &title, PlotGroup *group, QSettings *settings, QWidget *parent = nullptr);
    ~PlotPanel() override;

    const QString &kind() const { return m_kind; }
    const QString &title() const { return m_contents.title; }
    /// Titles with their units; \p direction −1: `↓` (lower is better), +1: `↑`, put after the y title.
    void setAxes(const QString &xTitle, const QString &yTitle, int direction = 0, bool wholeX = true);
    void setXTitle(const QString &title);
    /// In follow, y shows at least this: rates are read against the whole of [0, 1].
    void setNaturalRange(const AxisSpan &range) { m_naturalRange = range; }
    /// Where no smoothing has been chosen for the kind: 0.6, or what the settings say, for per-step values, 0 for per-evaluation values.
    void setDefaultSmoothing(double weight);
    void setEmptyText(const QString &text);
    /// How the legend and read-outs spell a value; four significant digits unless told.
    void setValueFormat(std::function<QString(double)> format) { m_valueFormat = std::move(format); }
    QString formatted(double value) const;
    /// Shown on the log button before the general reason, when a log axis is not possible.
    void setLogHint(const QString &hint) { m_logHint = hint; }

    /// Returns the curve's index.
    std::size_t addCurve(const QString &key, const QString &name, const CurveStyle &style, bool markers = false);
    /// All curves at once, data included; what was there goes.
    void setCurves(std::vector<PlotCurve> curves);
    std::optional<std::size_t> curve(const QString &key) const;
    void append(std::size_t curve, std::span<const PlotPoint> points);
    void append(std::size_t curve, double step, double value);
    /// \see CurveData::breakLine
    void breakLine(std::size_t curve);
    /// Takes over whole columns; for curves that are read at once.
    void setData(std::size_t curve, CurveData columns);
    void setCurveStyle(std::size_t curve, const QString &name, const CurveStyle &style);
    void setCurveVisible(std::size_t curve, bool visible);
    void raiseCurve(std::size_t curve, bool raised);
    void removeCurves();
    void setLevels(const std::vector<PlotLevel> &levels);
    void setLegendShown(bool shown);
    const PlotContents &contents() const { return m_contents; }

    /// From the first to the last x of all curves.
    std::optional<AxisSpan> xExtent() const;
    AxisSpan shownX() const;
    AxisSpan shownY() const;
    void showAll();
    void showPrevious();
    /// As a zoom by hand.
    void showRange(const AxisSpan &x, const AxisSpan &y);

    bool isLog() const { return m_contents.logY; }
    void setLog(bool on);
    /// Empty where a log axis is possible.
    QString logObstacle() const;
    double smoothing() const { return m_smoothing; }
    void setSmoothing(double weight);
    void openSmoothing();

    /// *forget loss, 25 points, from 13.86 to 4.218, falling* for each shown curve.
    QString summary() const;
    PlotExport exporter() const;
    /// How often the data were drawn: at most four times a second.
    int redraws() const { return m_redraws; }
    PlotCanvas &canvas() { return *m_canvas; }
    PlotLegend &legend() { return *m_legend; }
    QMenu *menu() { return m_menu; }
    /// One of the plots' keys (`L S F M Home Backspace + − ← →`); false for any other.
    bool handleKey(int key);
    void setMaximised(bool maximised);
    /// Asks how and where, and writes.
    void exportAs();

Q_SIGNALS:
    void maximiseRequested();
    void hideRequested();
    void moveRequested(int by); ///< −1: earlier, +1: later
    void curveMenuRequested(const QString &key, const QPoint &globalPosition);
    void curveToggled(const QString &key, bool visible);
    void soloRequested(const QString &key);
    void readoutChanged();
    void hoveredAt(double x, double y);
    /// Something worth a line in the message bar: an export's path or its failure.
    void noted(const QString &text, bool failed);

protected:
    void showEvent(QShowEvent *event) override;
    void changeEvent(QEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;
    bool eventFilter(QObject *watched, QEvent *event) override;
    bool showsFocus() const override;

private:
    struct View {
        AxisSpan x, y;
        bool following;
    };
    void build();
    void buildMenu();
    void restyle();
    void scheduleRedraw();
    void redraw();
    void replot();
    void applyScale();
    void applySmoothing(double weight);
    void fitY();
    void rememberView();
    void userMoved();
    void updateReadout();
    void updateLogButton();
    void showCurves();
    void updatePill();
    void updateSummary();
    void copyPicture();
    void copyData();

    QString m_kind;
    PlotGroup *m_group; ///< this panel's own where none was given
    QSettings *m_settings;
    PlotContents m_contents;
    QString m_logHint;
    std::function<QString(double)> m_valueFormat;
    std::optional<AxisSpan> m_naturalRange;
    bool m_wantsLog = false;
    bool m_smoothingChosen = false;
    double m_smoothing = 0;
    bool m_fitted = false; ///< y shows a range that came from data
    bool m_ownView = false; ///< the user moved this panel's view
    bool m_applying = false;
    std::vector<View> m_history;
    QElapsedTimer m_sinceView;
    QElapsedTimer m_sinceRedraw;
    QTimer m_redrawTimer;
    bool m_dirty = false;
    int m_redraws = 0;

    QLabel *m_titleLabel;
    QLabel *m_valueLabel; ///< a curve that is alone needs no legend, only its value
    bool m_legendWanted = true;
    QToolButton *m_logButton;
    QToolButton *m_smoothingButton;
    QToolButton *m_menuButton;
    QToolButton *m_pill;
    QSlider *m_smoothingSlider;
    QLabel *m_smoothingLabel;
    QLabel *m_emptyLabel;
    QMenu *m_menu;
    QAction *m_maximiseAction;
    PlotCanvas *m_canvas;
    PlotLegend *m_legend;
    std::unique_ptr<PlotScene> m_scene;
};

} // namespace lethe
