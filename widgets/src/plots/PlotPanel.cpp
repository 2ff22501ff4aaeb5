#include "PlotPanel.h"

#include "CurveSummary.h"
#include "PlotCanvas.h"
#include "PlotExportDialog.h"
#include "PlotGroup.h"
#include "PlotLegend.h"

#include <widgets/Format.h>

#include <QtCore/QMimeData>
#include <QtCore/QSettings>
#include <QtGui/QClipboard>
#include <QtGui/QGuiApplication>
#include <QtGui/QKeyEvent>
#include <QtWidgets/QBoxLayout>
#include <QtWidgets/QLabel>
#include <QtWidgets/QMenu>
#include <QtWidgets/QSlider>
#include <QtWidgets/QToolButton>
#include <QtWidgets/QWidgetAction>

#include <algorithm>
#include <cmath>

namespace lethe {
namespace {

constexpr int kPanelRedraws = 4;
const QString kPanelRedrawsKey = QStringLiteral("plots/redrawsPerSecond");
const QString kPanelSmoothingKey = QStringLiteral("plots/defaultSmoothing");
constexpr int kViewsApartMs = 500;     // wheel ticks closer than this are one change of view
constexpr std::size_t kMostViews = 50;
constexpr std::size_t kSummaryUpTo = 20000; // points; a sentence on more than that is written less often

} // namespace

PlotPanel::PlotPanel(const QString &kind, const QString &title, PlotGroup *group, QSettings *settings, QWidget *parent)
    : Card(parent), m_kind(kind), m_group(group ? group : new PlotGroup(this)), m_settings(settings)
{
    m_contents.title = title;
    setObjectName(QStringLiteral("plot_") + kind);
    build();
    buildMenu();
    m_scene = std::make_unique<PlotScene>(*m_canvas);
    m_group->add(this);
    connect(m_group, &PlotGroup::xChanged, this, [this] {
        if (!m_applying)
            applyScale();
        updatePill();
    });
    connect(m_group, &PlotGroup::cursorChanged, this, &PlotPanel::updateReadout);
    connect(m_group, &PlotGroup::marksChanged, this, &PlotPanel::updateReadout);
    connect(m_group, &PlotGroup::followingChanged, this, &PlotPanel::updatePill);
    m_redrawTimer.setSingleShot(true);
    connect(&m_redrawTimer, &QTimer::timeout, this, &PlotPanel::redraw);

    if (m_settings) {
        const QString stored = QStringLiteral("plots/") + m_kind;
        m_wantsLog = m_settings->value(stored + QStringLiteral("/log"), false).toBool();
        const QVariant smoothing = m_settings->value(stored + QStringLiteral("/smoothing"));
        if (smoothing.isValid()) {
            m_smoothingChosen = true;
            m_smoothing = std::clamp(smoothing.toDouble(), 0.0, 0.99);
        }
    }
    restyle();
    applySmoothing(m_smoothing);
    updateLogButton();
    updatePill();
    updateSummary();
}

PlotPanel::~PlotPanel()
{
    m_group->remove(this);
}

void PlotPanel::build()
{
    const int space = fontMetrics().height() / 3;
    m_titleLabel = new QLabel(m_contents.title, this);
    QFont bold = m_titleLabel->font();
    bold.setWeight(QFont::DemiBold);
    m_titleLabel->setFont(bold);
    m_titleLabel->setToolTip(tr("Double click fills the page with this panel"));
    m_titleLabel->setMinimumWidth(fontMetrics().averageCharWidth() * 6);
    m_valueLabel = new QLabel(this);
    m_valueLabel->setObjectName(QStringLiteral("value_") + m_kind);
    m_valueLabel->hide();
    m_titleLabel->installEventFilter(this);

    const auto makeButton = [this](const char *name, const QString &accessible) {
        auto *button = new QToolButton(this);
        button->setObjectName(QString::fromLatin1(name) + m_kind);
        button->setAutoRaise(true);
        button->setAccessibleName(accessible);
        button->setFocusPolicy(Qt::TabFocus);
        return button;
    };
    m_logButton = makeButton("log_", tr("Logarithmic axis of %1").arg(m_contents.title));
    m_logButton->setText(tr("log"));
    m_logButton->setCheckable(true);
    connect(m_logButton, &QToolButton::clicked, this, &PlotPanel::setLog);

    m_smoothingButton = makeButton("smoothing_", tr("Smoothing of %1").arg(m_contents.title));
    m_smoothingButton->setPopupMode(QToolButton::InstantPopup);
    auto *popup = new QMenu(m_smoothingButton);
    auto *box = new QWidget(popup);
    auto *row = new QHBoxLayout(box);
    row->setContentsMargins(2 * space, 2 * space, 2 * space, 2 * space);
    m_smoothingSlider = new QSlider(Qt::Horizontal, box);
    m_smoothingSlider->setObjectName(QStringLiteral("smoothingSlider_") + m_kind);
    m_smoothingSlider->setRange(0, 99);
    m_smoothingSlider->setMinimumWidth(fontMetrics().averageCharWidth() * 28);
    m_smoothingSlider->setAccessibleName(tr("Smoothing of %1, 0 to 0.99").arg(m_contents.title));
    auto *name = new QLabel(tr("&Smoothing"), box);
    name->setBuddy(m_smoothingSlider);
    m_smoothingLabel = new QLabel(box);
    m_smoothingLabel->setMinimumWidth(fontMetrics().horizontalAdvance(QStringLiteral("0.000")));
    row->addWidget(name);
    row->addWidget(m_smoothingSlider);
    row->addWidget(m_smoothingLabel);
    auto *sliderAction = new QWidgetAction(popup);
    sliderAction->setDefaultWidget(box);
    popup->addAction(sliderAction);
    m_smoothingButton->setMenu(popup);
    connect(popup, &QMenu::aboutToShow, m_smoothingSlider, [this] { m_smoothingSlider->setFocus(); });
    connect(m_smoothingSlider, &QSlider::valueChanged, this, [this](int value) { setSmoothing(value / 100.0); });

    m_menuButton = makeButton("menu_", tr("More for %1").arg(m_contents.title));
    m_menuButton->setText(QStringLiteral("⋯"));
    m_menuButton->setPopupMode(QToolButton::InstantPopup);
    m_menu = new QMenu(m_menuButton);
    m_menuButton->setMenu(m_menu);

    auto *head = new QHBoxLayout;
    head->setSpacing(0);
    head->addWidget(m_titleLabel);
    head->addSpacing(2 * space);
    head->addWidget(m_valueLabel);
    head->addStretch(1);
    head->addWidget(m_logButton);
    head->addWidget(m_smoothingButton);
    head->addWidget(m_menuButton);

    m_legend = new PlotLegend(this);
    connect(m_legend, &PlotLegend::toggled, this, [this](std::size_t index) {
        setCurveVisible(index, !m_contents.curves[index].visible);
        Q_EMIT curveToggled(m_contents.curves[index].key, m_contents.curves[index].visible);
    });
    connect(m_legend, &PlotLegend::soloRequested, this, [this](std::size_t index) {
        const auto othersShown = std::ranges::any_of(m_contents.curves, [this, index](const PlotCurve &other) {
            return other.visible && other.key != m_contents.curves[index].key;
        });
        for (std::size_t i = 0; i < m_contents.curves.size(); ++i)
            setCurveVisible(i, i == index || !othersShown);
        Q_EMIT soloRequested(m_contents.curves[index].key);
    });
    connect(m_legend, &PlotLegend::raised, this, &PlotPanel::raiseCurve);
    connect(m_legend, &PlotLegend::menuRequested, this, [this](std::size_t index, const QPoint &at) {
        Q_EMIT curveMenuRequested(m_contents.curves[index].key, at);
    });

    m_canvas = new PlotCanvas(this);
    m_canvas->setObjectName(QStringLiteral("canvas_") + m_kind);
    m_canvas->setMinimumSize(fontMetrics().averageCharWidth() * 26, fontMetrics().height() * 7);
    connect(m_canvas, &PlotCanvas::viewWillChange, this, &PlotPanel::rememberView);
    connect(m_canvas, &PlotCanvas::viewChanged, this, &PlotPanel::userMoved);
    connect(m_canvas, &PlotCanvas::allRequested, this, &PlotPanel::showAll);
    connect(m_canvas, &PlotCanvas::hovered, this, [this](double x, double y) {
        m_group->setCursor(x);
        Q_EMIT hoveredAt(x, y);
    });
    connect(m_canvas, &PlotCanvas::hoverLeft, m_group, [this] { m_group->setCursor(std::nullopt); });
    connect(m_canvas, &PlotCanvas::menuRequested, this, [this](const QPoint &at) { m_menu->popup(at); });

    m_emptyLabel = new QLabel(tr("No values yet"), m_canvas);
    m_emptyLabel->setAlignment(Qt::AlignCenter);
    m_emptyLabel->setAttribute(Qt::WA_TransparentForMouseEvents);
    m_emptyLabel->setWordWrap(true);
    m_pill = new QToolButton(m_canvas);
    m_pill->setObjectName(QStringLiteral("follow_") + m_kind);
    m_pill->setText(tr("Follow"));
    m_pill->setToolTip(tr("Show all and follow new points (Home)"));
    m_pill->setAccessibleName(tr("Follow new points in %1").arg(m_contents.title));
    m_pill->setCursor(Qt::PointingHandCursor);
    m_pill->hide();
    connect(m_pill, &QToolButton::clicked, this, &PlotPanel::showAll);

    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(2 * space, space, space, space / 3);
    column->setSpacing(space / 2);
    column->addLayout(head);
    column->addWidget(m_legend);
    column->addWidget(m_canvas, 1);
}

void PlotPanel::buildMenu()
{
    const auto add = [this](const char *name, const QString &text, auto slot) {
        QAction *action = m_menu->addAction(text);
        action->setObjectName(QString::fromLatin1(name) + m_kind);
        connect(action, &QAction::triggered, this, slot);
        return action;
    };
    add("plotAll_", tr("Show all\tHome"), [this] { showAll(); });
    add("plotBack_", tr("Previous view\tBackspace"), [this] { showPrevious(); });
    m_maximiseAction = add("plotMaximise_", tr("Fill the page"), [this] { Q_EMIT maximiseRequested(); });
    m_menu->addSeparator();
    add("plotExport_", tr("Export…"), [this] { exportAs(); });
    add("plotCopyPicture_", tr("Copy picture"), [this] { copyPicture(); });
    add("plotCopyData_", tr("Copy values as CSV"), [this] { copyData(); });
    m_menu->addSeparator();
    add("plotEarlier_", tr("Move earlier"), [this] { Q_EMIT moveRequested(-1); });
    add("plotLater_", tr("Move later"), [this] { Q_EMIT moveRequested(1); });
    add("plotHide_", tr("Hide panel"), [this] { Q_EMIT hideRequested(); });
}

void PlotPanel::setAxes(const QString &xTitle, const QString &yTitle, int direction, bool wholeX)
{
    const QString arrow = direction < 0 ? QStringLiteral(" ↓") : direction > 0 ? QStringLiteral(" ↑") : QString();
    m_contents.xTitle = xTitle;
    m_contents.yTitle = yTitle + arrow;
    m_contents.wholeX = wholeX;
    m_scene->show(m_contents);
    scheduleRedraw();
}

void PlotPanel::setXTitle(const QString &title)
{
    if (m_contents.xTitle == title)
        return;
    m_contents.xTitle = title;
    m_scene->show(m_contents);
    scheduleRedraw();
}

void PlotPanel::setDefaultSmoothing(double weight)
{
    if (m_smoothingChosen)
        return;
    const bool perStep = weight > 0;
    applySmoothing(perStep && m_settings ? m_settings->value(kPanelSmoothingKey, weight).toDouble() : weight);
}

void PlotPanel::setEmptyText(const QString &text)
{
    m_emptyLabel->setText(text);
}

QString PlotPanel::formatted(double value) const
{
    if (!std::isfinite(value))
        return QStringLiteral("–");
    return m_valueFormat ? m_valueFormat(value) : format::loss(value);
}

std::size_t PlotPanel::addCurve(const QString &key, const QString &name, const CurveStyle &style, bool markers)
{
    PlotCurve added{.key = key, .name = name, .style = style, .markers = markers};
    added.data->setSmoothing(m_smoothing);
    m_contents.curves.push_back(std::move(added));
    showCurves();
    return m_contents.curves.size() - 1;
}

void PlotPanel::setCurves(std::vector<PlotCurve> curves)
{
    m_contents.curves = std::move(curves);
    for (const PlotCurve &each : m_contents.curves) {
        if (each.data->smoothing() != m_smoothing)
            each.data->setSmoothing(m_smoothing);
    }
    m_fitted = false;
    showCurves();
    updateLogButton();
    scheduleRedraw();
}

void PlotPanel::showCurves()
{
    m_scene->show(m_contents);
    const bool alone = m_contents.curves.size() == 1;
    m_valueLabel->setVisible(alone && m_legendWanted);
    m_legend->setCurves(m_legendWanted && !alone ? m_contents.curves : std::vector<PlotCurve>{});
}

std::optional<std::size_t> PlotPanel::curve(const QString &key) const
{
    const auto found = std::ranges::find(m_contents.curves, key, &PlotCurve::key);
    if (found == m_contents.curves.end())
        return std::nullopt;
    return static_cast<std::size_t>(found - m_contents.curves.begin());
}

void PlotPanel::append(std::size_t curve, std::span<const PlotPoint> points)
{
    CurveData &column = *m_contents.curves.at(curve).data;
    for (const PlotPoint &point : points)
        column.append(point.step, point.x.value_or(point.step), point.value);
    scheduleRedraw();
}

void PlotPanel::append(std::size_t curve, double step, double value)
{
    const PlotPoint point{.step = step, .value = value, .x = {}};
    append(curve, std::span(&point, 1));
}

void PlotPanel::breakLine(std::size_t curve)
{
    m_contents.curves.at(curve).data->breakLine();
}

void PlotPanel::setData(std::size_t curve, CurveData columns)
{
    columns.setSmoothing(m_smoothing);
    *m_contents.curves.at(curve).data = std::move(columns);
    scheduleRedraw();
}

void PlotPanel::setCurveStyle(std::size_t curve, const QString &name, const CurveStyle &style)
{
    m_contents.curves.at(curve).name = name;
    m_contents.curves[curve].style = style;
    showCurves();
    scheduleRedraw();
}

void PlotPanel::setCurveVisible(std::size_t curve, bool visible)
{
    if (m_contents.curves.at(curve).visible == visible)
        return;
    m_contents.curves[curve].visible = visible;
    m_fitted = false;
    showCurves();
    updateLogButton();
    scheduleRedraw();
}

void PlotPanel::raiseCurve(std::size_t curve, bool raised)
{
    if (curve >= m_contents.curves.size() || m_contents.curves[curve].raised == raised)
        return;
    m_contents.curves[curve].raised = raised;
    m_scene->show(m_contents);
    replot();
}

void PlotPanel::removeCurves()
{
    m_contents.curves.clear();
    m_contents.levels.clear();
    m_fitted = false;
    m_history.clear();
    showCurves();
    updateLogButton();
    scheduleRedraw();
}

void PlotPanel::setLevels(const std::vector<PlotLevel> &levels)
{
    if (m_contents.levels == levels)
        return;
    m_contents.levels = levels;
    m_scene->show(m_contents);
    scheduleRedraw();
}

void PlotPanel::setLegendShown(bool shown)
{
    m_legendWanted = shown;
    showCurves();
}

std::optional<AxisSpan> PlotPanel::xExtent() const
{
    std::optional<AxisSpan> all;
    for (const PlotCurve &curve : m_contents.curves) {
        if (curve.data->isEmpty())
            continue;
        const AxisSpan own{curve.data->x().front(), curve.data->x().back()};
        if (!all)
            all = own;
        all->lower = std::min(all->lower, own.lower);
        all->upper = std::max(all->upper, own.upper);
    }
    return all;
}

AxisSpan PlotPanel::shownX() const
{
    return {m_canvas->xAxis->range().lower, m_canvas->xAxis->range().upper};
}

AxisSpan PlotPanel::shownY() const
{
    return {m_canvas->yAxis->range().lower, m_canvas->yAxis->range().upper};
}

void PlotPanel::showAll()
{
    m_history.push_back({shownX(), shownY(), m_group->isFollowing()});
    m_ownView = false;
    m_fitted = false;
    if (m_group->isFollowing())
        applyScale();
    else
        m_group->setFollowing(true);
    updatePill();
}

void PlotPanel::showPrevious()
{
    if (m_history.empty())
        return;
    const View view = m_history.back();
    m_history.pop_back();
    if (view.following) {
        m_ownView = false;
        m_fitted = false;
        m_group->setFollowing(true);
        applyScale();
    } else {
        m_ownView = true;
        m_canvas->yAxis->setRange(view.y.lower, view.y.upper);
        m_group->setX(view.x);
    }
    updatePill();
}

void PlotPanel::showRange(const AxisSpan &x, const AxisSpan &y)
{
    m_sinceView.invalidate();
    rememberView();
    m_canvas->xAxis->setRange(x.lower, x.upper);
    m_canvas->yAxis->setRange(y.lower, y.upper);
    userMoved();
}

void PlotPanel::rememberView()
{
    if (m_sinceView.isValid() && m_sinceView.elapsed() < kViewsApartMs) {
        m_sinceView.restart();
        return;
    }
    m_sinceView.start();
    m_history.push_back({shownX(), shownY(), m_group->isFollowing()});
    if (m_history.size() > kMostViews)
        m_history.erase(m_history.begin());
}

void PlotPanel::userMoved()
{
    m_ownView = true;
    m_applying = true;
    m_group->setX(shownX());
    m_applying = false;
    updatePill();
    replot();
}

void PlotPanel::setLog(bool on)
{
    m_wantsLog = on;
    if (m_settings)
        m_settings->setValue(QStringLiteral("plots/") + m_kind + QStringLiteral("/log"), on);
    updateLogButton();
    replot();
}

QString PlotPanel::logObstacle() const
{
    QStringList below;
    for (const PlotCurve &curve : m_contents.curves) {
        if (curve.visible && curve.data->hasNonPositive())
            below.append(curve.name);
    }
    if (below.isEmpty())
        return {};
    QString reason = tr("%1: there are values at or below 0, which a logarithmic axis cannot show").arg(below.join(QStringLiteral(", ")));
    if (!m_logHint.isEmpty())
        reason = m_logHint;
    const auto shown = std::ranges::count_if(m_contents.curves, &PlotCurve::visible);
    if (shown > below.size())
        reason += QLatin1Char('\n') + tr("Hide it in the legend to see the others on a logarithmic axis");
    return reason;
}

void PlotPanel::updateLogButton()
{
    const QString obstacle = logObstacle();
    m_logButton->setEnabled(obstacle.isEmpty());
    m_logButton->setToolTip(obstacle.isEmpty() ? tr("Logarithmic y axis (L)") : obstacle);
    const bool log = m_wantsLog && obstacle.isEmpty();
    m_logButton->setChecked(log);
    if (log == m_contents.logY)
        return;
    m_contents.logY = log;
    m_fitted = false;
    m_scene->show(m_contents);
    applyScale();
}

void PlotPanel::setSmoothing(double weight)
{
    m_smoothingChosen = true;
    applySmoothing(weight);
    if (m_settings)
        m_settings->setValue(QStringLiteral("plots/") + m_kind + QStringLiteral("/smoothing"), m_smoothing);
}

void PlotPanel::applySmoothing(double weight)
{
    m_smoothing = std::clamp(weight, 0.0, 0.99);
    const QString two = QString::number(m_smoothing, 'f', 2);
    m_smoothingButton->setText(m_smoothing > 0 ? QStringLiteral("≈ ") + QString::number(m_smoothing, 'g', 2).mid(1) : tr("≈ off"));
    m_smoothingButton->setToolTip(m_smoothing > 0 ? tr("Smoothing (S): %1; the raw values lie behind").arg(two) : tr("Smoothing (S): off"));
    m_smoothingLabel->setText(m_smoothing > 0 ? two : tr("off"));
    const QSignalBlocker blocker(m_smoothingSlider);
    m_smoothingSlider->setValue(qRound(m_smoothing * 100));
    for (const PlotCurve &curve : m_contents.curves)
        curve.data->setSmoothing(m_smoothing);
    updateReadout();
    replot();
}

void PlotPanel::openSmoothing()
{
    m_smoothingButton->showMenu();
}

QString PlotPanel::summary() const
{
    QStringList lines;
    for (const PlotCurve &curve : m_contents.curves) {
        if (curve.visible)
            lines.append(curveSummary(curve.name, *curve.data));
    }
    for (const PlotLevel &level : m_contents.levels)
        lines.append(tr("%1 at %2").arg(level.name, formatted(level.value)));
    return lines.isEmpty() ? m_emptyLabel->text() : lines.join(QStringLiteral("; "));
}

PlotExport PlotPanel::exporter() const
{
    return PlotExport(m_contents, shownX(), shownY(), m_canvas->size(), m_scene->style());
}

void PlotPanel::setMaximised(bool maximised)
{
    m_maximiseAction->setText(maximised ? tr("Back to all panels") : tr("Fill the page"));
    m_titleLabel->setToolTip(maximised ? tr("Double click goes back to all panels") : tr("Double click fills the page with this panel"));
}

void PlotPanel::scheduleRedraw()
{
    m_dirty = true;
    if (!isVisible() || m_redrawTimer.isActive())
        return;
    const int rate = m_settings ? m_settings->value(kPanelRedrawsKey, kPanelRedraws).toInt() : kPanelRedraws;
    const qint64 apart = 1000 / std::clamp(rate, 1, 20);
    const qint64 since = m_sinceRedraw.isValid() ? m_sinceRedraw.elapsed() : apart;
    m_redrawTimer.start(static_cast<int>(std::max<qint64>(0, apart - since)));
}

void PlotPanel::redraw()
{
    if (!isVisible())
        return;
    m_dirty = false;
    m_sinceRedraw.start();
    ++m_redraws;
    updateLogButton();
    applyScale();
    updateReadout();
    updateSummary();
}

void PlotPanel::applyScale()
{
    const AxisSpan x = m_group->x();
    m_canvas->xAxis->setRange(x.lower, x.upper);
    if (m_group->isFollowing())
        fitY();
    replot();
}

void PlotPanel::fitY()
{
    std::optional<AxisSpan> all;
    const auto include = [&all](double low, double high) {
        if (!all)
            all = AxisSpan{low, high};
        all->lower = std::min(all->lower, low);
        all->upper = std::max(all->upper, high);
    };
    for (const PlotCurve &curve : m_contents.curves) {
        const auto bounds = curve.data->bounds();
        if (!curve.visible || !bounds)
            continue;
        include(bounds->first, bounds->second);
    }
    const bool hasData = all.has_value();
    for (const PlotLevel &level : m_contents.levels) {
        if (std::isfinite(level.value) && (!m_contents.logY || level.value > 0))
            include(level.value, level.value);
    }
    if (m_naturalRange && !m_contents.logY)
        include(m_naturalRange->lower, m_naturalRange->upper);
    m_emptyLabel->setVisible(!hasData);
    if (!all)
        all = AxisSpan{0, 1};
    if (m_contents.logY && all->lower <= 0)
        return;
    const AxisSpan y = m_fitted ? followed(shownY(), all->lower, all->upper, m_contents.logY)
                                : withAir(all->lower, all->upper, m_contents.logY);
    m_canvas->yAxis->setRange(y.lower, y.upper);
    m_fitted = hasData;
}

void PlotPanel::replot()
{
    if (isVisible())
        m_canvas->replot(QCustomPlot::rpQueuedReplot);
    else
        m_dirty = true;
}

void PlotPanel::updateReadout()
{
    CrosshairLines &lines = m_canvas->crosshair();
    lines.cursor = m_group->cursor();
    lines.marks = m_group->marks();
    lines.dots.clear();
    for (std::size_t i = 0; i < m_contents.curves.size(); ++i) {
        const PlotCurve &curve = m_contents.curves[i];
        const CurveData &column = *curve.data;
        if (column.isEmpty()) {
            m_legend->setValue(i, {}, {});
            continue;
        }
        const std::size_t at = lines.cursor ? *column.nearest(*lines.cursor) : column.size() - 1;
        const double smooth = column.smoothed()[at];
        QString full = tr("%1 at step %2").arg(format::full(column.values()[at]), QString::number(column.steps()[at], 'g', 12));
        if (column.smoothing() > 0)
            full += tr(", smoothed %1").arg(format::full(smooth));
        m_legend->setValue(i, formatted(smooth), full);
        if (m_contents.curves.size() == 1) {
            m_valueLabel->setText(formatted(smooth));
            m_valueLabel->setToolTip(full);
        }
        if (lines.cursor && curve.visible && std::isfinite(smooth))
            lines.dots.emplace_back(QPointF(column.x()[at], smooth), curve.style.color(m_scene->style()));
    }
    if (isVisible())
        m_canvas->redrawCrosshair();
    Q_EMIT readoutChanged();
}

void PlotPanel::updatePill()
{
    m_pill->setVisible(!m_group->isFollowing() && m_ownView);
    m_pill->adjustSize();
    const int margin = fontMetrics().height() / 2;
    m_pill->move(m_canvas->width() - m_pill->width() - margin, margin / 2);
    if (m_group->isFollowing())
        m_ownView = false;
}

void PlotPanel::updateSummary()
{
    std::size_t points = 0;
    for (const PlotCurve &curve : m_contents.curves)
        points += curve.data->size();
    if (points > kSummaryUpTo && m_redraws % 40 != 1)
        return;
    m_canvas->setAccessibleName(m_contents.title);
    m_canvas->setAccessibleDescription(summary());
}

void PlotPanel::restyle()
{
    m_scene->setStyle(PlotStyle::screen(*this));
    CrosshairLines &lines = m_canvas->crosshair();
    lines.color = Theme::muted();
    lines.markColor = Theme::accent();
    lines.ground = Theme::surface();
    lines.unit = m_scene->style().unit;
    QPalette quiet = m_emptyLabel->palette();
    quiet.setColor(QPalette::WindowText, Theme::muted());
    m_emptyLabel->setPalette(quiet);
    replot();
}

void PlotPanel::showEvent(QShowEvent *event)
{
    Card::showEvent(event);
    if (m_dirty)
        redraw();
}

void PlotPanel::changeEvent(QEvent *event)
{
    Card::changeEvent(event);
    if (m_scene && (event->type() == QEvent::PaletteChange || event->type() == QEvent::FontChange || event->type() == QEvent::StyleChange))
        restyle();
}

void PlotPanel::resizeEvent(QResizeEvent *event)
{
    Card::resizeEvent(event);
    m_emptyLabel->setGeometry(m_canvas->rect());
    updatePill();
}

bool PlotPanel::eventFilter(QObject *watched, QEvent *event)
{
    if (watched == m_titleLabel && event->type() == QEvent::MouseButtonDblClick) {
        Q_EMIT maximiseRequested();
        return true;
    }
    return Card::eventFilter(watched, event);
}

bool PlotPanel::showsFocus() const
{
    return m_canvas->hasFocus();
}

void PlotPanel::keyPressEvent(QKeyEvent *event)
{
    if ((event->modifiers() & ~(Qt::ShiftModifier | Qt::KeypadModifier)) || !handleKey(event->key()))
        event->ignore();
}

bool PlotPanel::handleKey(int key)
{
    const QPointF middle = m_canvas->axisRect()->rect().center();
    const double stride = m_canvas->axisRect()->width() / 8.0;
    switch (key) {
    case Qt::Key_L:
        if (logObstacle().isEmpty())
            setLog(!m_wantsLog);
        return true;
    case Qt::Key_S: openSmoothing(); return true;
    case Qt::Key_F:
        if (m_group->isFollowing())
            m_group->setFollowing(false);
        else
            showAll();
        return true;
    case Qt::Key_M: m_group->toggleMark(); return true;
    case Qt::Key_Home: showAll(); return true;
    case Qt::Key_Backspace: showPrevious(); return true;
    case Qt::Key_Plus: m_canvas->zoom(0.8, middle, true, true); return true;
    case Qt::Key_Minus: m_canvas->zoom(1.25, middle, true, true); return true;
    case Qt::Key_Left: m_canvas->pan({stride, 0}); return true;
    case Qt::Key_Right: m_canvas->pan({-stride, 0}); return true;
    default: return false;
    }
}

void PlotPanel::exportAs()
{
    PlotExportDialog dialog(exporter(), m_contents.title, m_group->dialogs(), m_settings, this);
    dialog.setSubject(m_group->subject());
    if (dialog.exec() == QDialog::Accepted)
        Q_EMIT noted(tr("%1 written").arg(dialog.writtenPath()), false);
}

void PlotPanel::copyPicture()
{
    QGuiApplication::clipboard()->setImage(exporter().image({}));
    Q_EMIT noted(tr("Picture of %1 copied").arg(m_contents.title), false);
}

void PlotPanel::copyData()
{
    QGuiApplication::clipboard()->setText(exporter().csv(false));
    Q_EMIT noted(tr("Values of %1 copied as CSV").arg(m_contents.title), false);
}

} // namespace lethe
