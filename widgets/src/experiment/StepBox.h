#pragma once

#include <QtCore/QJsonValue>
#include <QtWidgets/QAbstractSpinBox>

#include <optional>

namespace lethe {

/// A number with steps: whole ones by one, others by the factors 1-2-5 (`1e-5`, `2e-5`, `5e-5`, `1e-4`). Takes any text, so that
/// what is wrong can be said beside the field rather than swallowed.
class StepBox final : public QAbstractSpinBox
{
    Q_OBJECT

public:
    StepBox(bool whole, QWidget *parent = nullptr);

    void setBounds(std::optional<double> minimum, std::optional<double> maximum);
    /// Steps begin here where the field is empty or no number.
    void setStart(double start) { m_start = start; }
    /// Shown while it is empty: what nothing means (`no limit`). An empty field is then null.
    void setEmptyMeaning(const QString &text);

    /// A number, null for an empty optional field, else the text as a string.
    QJsonValue value() const;
    void setValue(const QJsonValue &value);

    void stepBy(int steps) override;
    QValidator::State validate(QString &, int &) const override { return QValidator::Acceptable; }
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override { return sizeHint(); }

Q_SIGNALS:
    void edited();

protected:
    StepEnabled stepEnabled() const override;
    void wheelEvent(QWheelEvent *event) override;

private:
    std::optional<double> number() const;
    double stepped(double from, bool up) const;

    bool m_whole;
    bool m_mayBeEmpty = false;
    std::optional<double> m_minimum, m_maximum;
    double m_start = 1;
};

/// The next value of 1, 2, 5 × 10^k above (or below) a positive number.
double nextOfOneTwoFive(double from, bool up);

} // namespace lethe
