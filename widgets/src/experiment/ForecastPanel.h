#pragma once

#include "Forecast.h"
#include "Measure.h"

#include <QtCore/QMap>
#include <QtWidgets/QWidget>

class QGridLayout;
class QLabel;
class QPushButton;
class QVBoxLayout;

namespace lethe {

/// *What will happen*: the forecast in words and figures, and the cheapest changes where it does not fit.
class ForecastPanel final : public QWidget
{
    Q_OBJECT

public:
    explicit ForecastPanel(QWidget *parent = nullptr);

    struct Shown {
        Forecast figures;
        ForecastInput input;
        std::int64_t freeMemory = -1; ///< below 0: unknown
        std::int64_t freeDisk = -1;
        bool counting = false;        ///< tokens are being counted
        QString device;
        bool measuring = false;       ///< steps are being measured
        std::optional<Measured> measured = {}; ///< of this very experiment
    };
    void show(const Shown &shown);

Q_SIGNALS:
    /// A change that saves memory was chosen: \p training is the shown one with it.
    void trainingProposed(const lethe::TrainingSpec &training);

private:
    struct Proposal {
        QString text;
        TrainingSpec training;
    };
    static std::vector<Proposal> proposals(const ForecastInput &input);
    void propose(std::vector<Proposal> proposals);
    QLabel *addLine(const QString &key, const QString &title);
    void set(const QString &key, const QString &value, const QString &tip = {}, const QString &role = {});

    QGridLayout *m_grid;
    QMap<QString, QLabel *> m_values;
    QLabel *m_advice;
    QVBoxLayout *m_buttonRows;
    std::vector<QPushButton *> m_buttons;
    std::vector<Proposal> m_proposals;
    class ForecastBar *m_bar;
};

} // namespace lethe
