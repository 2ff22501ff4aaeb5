#include "GapMeter.h"

#include <cstdio>

namespace lethe {

namespace {

constexpr int kTickMilliseconds = 5;
constexpr qint64 kGapMilliseconds = 50;

} // namespace

GapMeter::GapMeter(QObject *parent)
    : QObject(parent)
{
    m_timer.setTimerType(Qt::PreciseTimer);
    m_timer.setInterval(kTickMilliseconds);
    connect(&m_timer, &QTimer::timeout, this, &GapMeter::tick);
    m_total.start();
    m_since.start();
    m_timer.start();
}

GapMeter::~GapMeter()
{
    std::fprintf(stderr, "meter: %d gaps above %lld ms, longest %lld ms, %lld rounds in %.1f s\n", m_gaps, static_cast<long long>(kGapMilliseconds),
                 static_cast<long long>(m_longest), static_cast<long long>(m_ticks), static_cast<double>(m_total.elapsed()) / 1000.0);
}

void GapMeter::tick()
{
    const qint64 gap = m_since.restart();
    ++m_ticks;
    if (gap > m_longest)
        m_longest = gap;
    if (gap <= kGapMilliseconds)
        return;
    ++m_gaps;
    std::fprintf(stderr, "meter: gap of %lld ms at %.1f s\n", static_cast<long long>(gap), static_cast<double>(m_total.elapsed()) / 1000.0);
}

} // namespace lethe
