#pragma once

#include <QtCore/QTimer>
#include <QtWidgets/QWidget>

#include <vector>

class QCheckBox;
class QLabel;
class QSlider;
class QToolButton;

namespace lethe {

/// A slider that stops at evaluations only. It never moves by itself unless it follows; a hand on it ends that.
class EvaluationSlider : public QWidget
{
    Q_OBJECT

public:
    explicit EvaluationSlider(QWidget *parent = nullptr);

    /// The steps of the evaluations so far. The position stays, or goes to the last one while following.
    void setSteps(const std::vector<std::int64_t> &steps);
    int current() const;
    void setCurrent(int index); ///< by hand: ends following
    void step(int by);
    bool isFollowing() const;
    void setFollowing(bool following);
    /// Runs through all evaluations, from the first where it stands at the last.
    void setPlaying(bool playing);
    bool isPlaying() const { return m_play.isActive(); }

Q_SIGNALS:
    void currentChanged(int index);
    void followingChanged(bool following);

protected:
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    void refresh();

    std::vector<std::int64_t> m_steps;
    QToolButton *m_previous;
    QSlider *m_slider;
    QToolButton *m_next;
    QToolButton *m_playButton;
    QLabel *m_label;
    QCheckBox *m_follow;
    QTimer m_play;
};

} // namespace lethe
