#pragma once

#include "FollowRange.h"

#include <QtCore/QList>
#include <QtCore/QObject>

#include <optional>
#include <vector>

namespace lethe {

class Dialogs;
class PlotPanel;

/// What panels that show the same run (or the same runs) have in common: the stretch of x, whether it follows new points, the
/// crosshair, and up to two pinned lines.
class PlotGroup : public QObject
{
    Q_OBJECT

public:
    explicit PlotGroup(QObject *parent = nullptr);

    /// Panels take themselves out when they go.
    void add(PlotPanel *panel);
    void remove(PlotPanel *panel);
    const QList<PlotPanel *> &panels() const { return m_panels; }

    /// Where the panels' exports ask for a file: Qt's own dialogs unless others were handed in.
    void setDialogs(Dialogs *dialogs) { m_dialogs = dialogs; }
    Dialogs &dialogs();

    /// Whose plots they are, a run's name for one: files of their exports are named by it.
    void setSubject(const QString &subject) { m_subject = subject; }
    const QString &subject() const { return m_subject; }

    bool isFollowing() const { return m_following; }
    void setFollowing(bool following);

    /// The x that all panels show: all of it with a little air while following, else what the user zoomed to.
    AxisSpan x() const;
    /// A zoom or pan: ends following.
    void setX(const AxisSpan &x);

    std::optional<double> cursor() const { return m_cursor; }
    void setCursor(std::optional<double> x);
    /// Pins a line at the crosshair; a third one takes the place of both, and one again at the same place takes it away.
    void toggleMark();
    const std::vector<double> &marks() const { return m_marks; }

Q_SIGNALS:
    void xChanged();
    void followingChanged(bool following);
    void cursorChanged();
    void marksChanged();

private:
    Dialogs *m_dialogs = nullptr;
    QString m_subject;
    QList<PlotPanel *> m_panels;
    bool m_following = true;
    AxisSpan m_x;
    std::optional<double> m_cursor;
    std::vector<double> m_marks;
};

} // namespace lethe
