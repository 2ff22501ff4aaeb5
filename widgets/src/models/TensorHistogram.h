#pragma once

#include <lethe/model/TensorFacts.h>

#include <QtWidgets/QWidget>

class QLabel;

namespace lethe {

/// How the values of one tensor are spread: bars from the least to the greatest, and its figures in words.
class TensorHistogram final : public QWidget
{
    Q_OBJECT

public:
    explicit TensorHistogram(QWidget *parent = nullptr);
    void setFacts(const QString &name, const TensorFacts &facts);
    void setPending(const QString &name);
    void setFailure(const QString &words);
    void clear();

private:
    class Bars;
    QLabel *m_name;
    QLabel *m_figures;
    Bars *m_bars;
};

} // namespace lethe
