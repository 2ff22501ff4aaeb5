#pragma once

#include "plots/PlotPanel.h"
#include "RunFeed.h"

#include <QtCore/QObject>

#include <map>

class QSettings;

namespace lethe {

class PanelGrid;
class PlotGroup;

/// The plots of one run: makes each once it has something to show, and appends what arrives.
class LivePanels : public QObject
{
    Q_OBJECT

public:
    LivePanels(PanelGrid &grid, PlotGroup &group, QSettings *settings, QObject *parent = nullptr);

    /// Shows \p history from the beginning.
    void restart(const RunHistory &history);
    void appendSteps(const RunHistory &history, std::size_t from);
    void appendEvaluations(const RunHistory &history, std::size_t from);
    PlotPanel *panel(const QString &kind) const { return m_panels.value(kind); }
    /// The panel of the page that has the focus, else the first that is shown.
    PlotPanel *front() const;

Q_SIGNALS:
    void noted(const QString &text, bool failed);

private:
    PlotPanel *make(const QString &kind, const QString &title, const QString &yTitle, int direction, double smoothing);
    void addMeasures(PlotPanel &panel, CurveRole role, const RunHistory &history, std::size_t from);
    void addLevels(PlotPanel &panel, const QString &metric, const RunHistory &history);
    void addValues(const RunHistory &history, std::size_t from);

    PanelGrid &m_grid;
    PlotGroup &m_group;
    QSettings *m_settings;
    QHash<QString, PlotPanel *> m_panels;
};

} // namespace lethe
