#include "EvaluationSlider.h"

#include <widgets/Format.h>
#include <widgets/Theme.h>

#include <QtGui/QWheelEvent>
#include <QtWidgets/QBoxLayout>
#include <QtWidgets/QCheckBox>
#include <QtWidgets/QLabel>
#include <QtWidgets/QSlider>
#include <QtWidgets/QToolButton>

#include <algorithm>

namespace lethe {
namespace {

constexpr int kPlayEveryMs = 700;

} // namespace

EvaluationSlider::EvaluationSlider(QWidget *parent)
    : QWidget(parent)
{
    const auto button = [this](const char *name, const char *icon, const QString &tip) {
        auto *made = new QToolButton(this);
        made->setObjectName(QString::fromLatin1(name));
        made->setIcon(Theme::icon(QString::fromLatin1(icon)));
        made->setAutoRaise(true);
        made->setToolTip(tip);
        made->setAccessibleName(tip);
        return made;
    };
    m_previous = button("evaluationPrevious", "chevron-left", tr("Previous evaluation ([)"));
    m_next = button("evaluationNext", "chevron-right", tr("Next evaluation (])"));
    m_playButton = button("evaluationPlay", "play", tr("Play through all evaluations"));
    m_slider = new QSlider(Qt::Horizontal, this);
    m_slider->setObjectName(QStringLiteral("evaluationSlider"));
    m_slider->setAccessibleName(tr("Evaluation shown as now"));
    m_slider->setTickPosition(QSlider::TicksBelow);
    m_slider->setTickInterval(1);
    m_slider->setPageStep(1);
    m_slider->setMinimumWidth(Theme::space(36));
    m_slider->installEventFilter(this);
    m_label = new QLabel(this);
    m_label->setObjectName(QStringLiteral("evaluationLabel"));
    m_label->setMinimumWidth(fontMetrics().horizontalAdvance(tr("step %1").arg(QStringLiteral("00 000"))));
    m_follow = new QCheckBox(tr("Follow"), this);
    m_follow->setObjectName(QStringLiteral("evaluationFollow"));
    m_follow->setToolTip(tr("Go on to each new evaluation"));
    m_follow->setChecked(true);

    auto *row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(Theme::space(1));
    row->addWidget(m_previous);
    row->addWidget(m_slider, 1);
    row->addWidget(m_next);
    row->addWidget(m_playButton);
    row->addSpacing(Theme::space(1));
    row->addWidget(m_label);
    row->addWidget(m_follow);

    connect(m_previous, &QToolButton::clicked, this, [this] { step(-1); });
    connect(m_next, &QToolButton::clicked, this, [this] { step(1); });
    connect(m_playButton, &QToolButton::clicked, this, [this] { setPlaying(!isPlaying()); });
    connect(m_slider, &QSlider::sliderPressed, this, [this] {
        setPlaying(false);
        setFollowing(false);
    });
    connect(m_slider, &QSlider::actionTriggered, this, [this] {
        setPlaying(false);
        setFollowing(false);
    });
    connect(m_slider, &QSlider::valueChanged, this, [this](int value) {
        refresh();
        Q_EMIT currentChanged(value);
    });
    connect(m_follow, &QCheckBox::toggled, this, [this](bool on) {
        if (on && !m_steps.empty())
            m_slider->setValue(static_cast<int>(m_steps.size()) - 1);
        Q_EMIT followingChanged(on);
    });
    m_play.setInterval(kPlayEveryMs);
    connect(&m_play, &QTimer::timeout, this, [this] {
        if (m_slider->value() >= m_slider->maximum())
            setPlaying(false);
        else
            m_slider->setValue(m_slider->value() + 1);
    });
    refresh();
}

void EvaluationSlider::setSteps(const std::vector<std::int64_t> &steps)
{
    const int before = m_slider->value();
    m_steps = steps;
    {
        const QSignalBlocker blocker(m_slider);
        m_slider->setRange(0, std::max(0, static_cast<int>(steps.size()) - 1));
    }
    if (isFollowing() && !isPlaying())
        m_slider->setValue(m_slider->maximum());
    refresh();
    if (m_slider->value() == before)
        Q_EMIT currentChanged(before); // the same place may hold another answer now
}

int EvaluationSlider::current() const
{
    return m_slider->value();
}

void EvaluationSlider::setCurrent(int index)
{
    setFollowing(false);
    m_slider->setValue(index);
}

void EvaluationSlider::step(int by)
{
    setPlaying(false);
    setCurrent(m_slider->value() + by);
}

bool EvaluationSlider::isFollowing() const
{
    return m_follow->isChecked();
}

void EvaluationSlider::setFollowing(bool following)
{
    m_follow->setChecked(following);
}

void EvaluationSlider::setPlaying(bool playing)
{
    if (playing == isPlaying())
        return;
    if (playing) {
        setFollowing(false);
        if (m_slider->value() == m_slider->maximum())
            m_slider->setValue(0);
        m_play.start();
    } else {
        m_play.stop();
    }
    m_playButton->setIcon(Theme::icon(playing ? QStringLiteral("pause") : QStringLiteral("play")));
}

bool EvaluationSlider::eventFilter(QObject *watched, QEvent *event)
{
    if (watched == m_slider && event->type() == QEvent::Wheel) {
        const int delta = static_cast<QWheelEvent *>(event)->angleDelta().y();
        if (delta != 0)
            step(delta > 0 ? 1 : -1); // one notch, one evaluation
        return true;
    }
    return QWidget::eventFilter(watched, event);
}

void EvaluationSlider::refresh()
{
    const int value = m_slider->value();
    const bool any = !m_steps.empty();
    m_label->setText(any ? tr("step %1").arg(format::count(m_steps[static_cast<std::size_t>(std::min<std::size_t>(static_cast<std::size_t>(value), m_steps.size() - 1))]))
                         : tr("no evaluation"));
    m_slider->setEnabled(m_steps.size() > 1);
    m_previous->setEnabled(any && value > 0);
    m_next->setEnabled(any && value < m_slider->maximum());
    m_playButton->setEnabled(m_steps.size() > 1);
}

} // namespace lethe
