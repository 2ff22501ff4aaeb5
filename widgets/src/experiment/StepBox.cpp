#include "StepBox.h"

#include "JsonPath.h"

#include <QtGui/QWheelEvent>
#include <QtWidgets/QLineEdit>
#include <QtWidgets/QStyleOptionSpinBox>

#include <algorithm>
#include <cmath>

namespace lethe {

double nextOfOneTwoFive(double from, bool up)
{
    const double exponent = std::floor(std::log10(from) + 1e-9);
    // From one decade below to one above: the nearest that is clearly beyond.
    double best = up ? std::numeric_limits<double>::infinity() : 0;
    for (int decade = -1; decade <= 1; ++decade)
        for (const double mantissa : {1.0, 2.0, 5.0}) {
            // Through the decimal text, so that 1e-5 is the double that `1e-5` reads as.
            const double value = QStringLiteral("%1e%2").arg(mantissa).arg(static_cast<int>(exponent) + decade).toDouble();
            if (up && value > from * (1 + 1e-9))
                best = std::min(best, value);
            else if (!up && value < from * (1 - 1e-9))
                best = std::max(best, value);
        }
    return best;
}

StepBox::StepBox(bool whole, QWidget *parent) : QAbstractSpinBox(parent), m_whole(whole)
{
    setFocusPolicy(Qt::StrongFocus);
    connect(lineEdit(), &QLineEdit::textEdited, this, &StepBox::edited);
}

void StepBox::setBounds(std::optional<double> minimum, std::optional<double> maximum)
{
    m_minimum = minimum;
    m_maximum = maximum;
}

void StepBox::setEmptyMeaning(const QString &text)
{
    m_mayBeEmpty = true;
    lineEdit()->setPlaceholderText(text);
}

QJsonValue StepBox::value() const
{
    const QString written = text().trimmed();
    if (written.isEmpty() && m_mayBeEmpty)
        return QJsonValue(QJsonValue::Null);
    bool ok = false;
    if (const qlonglong whole = written.toLongLong(&ok); ok)
        return QJsonValue(static_cast<qint64>(whole));
    if (const double other = QLocale::c().toDouble(written, &ok); ok && std::isfinite(other))
        return QJsonValue(other);
    return QJsonValue(text());
}

void StepBox::setValue(const QJsonValue &value)
{
    const QString shown = value.isNull() || value.isUndefined() ? QString() : value.isString() ? value.toString() : jsonText(value);
    // 2e-5 and 0.00002 are the same: what is being typed is not rewritten under the cursor.
    if (sameJson(this->value(), value) && !(text().isEmpty() && !shown.isEmpty()))
        return;
    lineEdit()->setText(shown);
}

std::optional<double> StepBox::number() const
{
    const QJsonValue now = value();
    return now.isDouble() ? std::optional(now.toDouble()) : std::nullopt;
}

double StepBox::stepped(double from, bool up) const
{
    if (m_whole)
        return std::floor(from) + (up ? 1 : -1);
    if (from == 0)
        return up ? (m_start > 0 ? nextOfOneTwoFive(m_start, false) / 10 : 0.1) : 0;
    if (from < 0)
        return -nextOfOneTwoFive(-from, !up);
    const double next = nextOfOneTwoFive(from, up);
    // Below the smallest sensible step there is zero, where zero is allowed.
    return !up && next < 1e-12 ? 0 : next;
}

void StepBox::stepBy(int steps)
{
    double value = number().value_or(m_start);
    for (int step = 0; step < std::abs(steps) && number(); ++step)
        value = stepped(value, steps > 0);
    if (m_minimum)
        value = std::max(value, *m_minimum);
    if (m_maximum)
        value = std::min(value, *m_maximum);
    lineEdit()->setText(m_whole ? QString::number(static_cast<qlonglong>(value)) : numberText(value));
    lineEdit()->selectAll();
    Q_EMIT edited();
}

QAbstractSpinBox::StepEnabled StepBox::stepEnabled() const
{
    const std::optional<double> now = number();
    StepEnabled enabled = StepNone;
    if (!now || !m_maximum || *now < *m_maximum)
        enabled |= StepUpEnabled;
    if (!now || !m_minimum || *now > *m_minimum)
        enabled |= StepDownEnabled;
    return enabled;
}

void StepBox::wheelEvent(QWheelEvent *event)
{
    // Scrolling the form must not change a value in passing.
    if (hasFocus())
        QAbstractSpinBox::wheelEvent(event);
    else
        event->ignore();
}

QSize StepBox::sizeHint() const
{
    QStyleOptionSpinBox option;
    initStyleOption(&option);
    const QSize content(fontMetrics().averageCharWidth() * 14, lineEdit()->sizeHint().height());
    return style()->sizeFromContents(QStyle::CT_SpinBox, &option, content, this);
}

} // namespace lethe
