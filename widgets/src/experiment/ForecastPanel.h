#pragma once

#include "Forecast.h"

#include <QtCore/QMap>
#include <QtWidgets/QWidget>

class QGridLayout;
class QLabel;

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
    };
    void show(const Shown &shown);

private:
    QLabel *addLine(const QString &key, const QString &title);
    void set(const QString &key, const QString &value, const QString &tip = {}, const QString &role = {});

    QGridLayout *m_grid;
    QMap<QString, QLabel *> m_values;
    QLabel *m_advice;
    class ForecastBar *m_bar;
};

} // namespace lethe
