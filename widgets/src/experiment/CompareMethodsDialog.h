#pragma once

#include <lethe/method/MethodCatalog.h>
#include <lethe/spec/ExperimentSpec.h>

#include <QtWidgets/QDialog>

#include <vector>

class QLabel;
class QListWidget;
class QPushButton;
class QSpinBox;

namespace lethe {

/// Several methods and seeds on one model and the same data: which ones, and how many runs that makes. A method that the spec
/// does not have enough for is listed with what it lacks.
class CompareMethodsDialog final : public QDialog
{
    Q_OBJECT

public:
    /// \p base has everything but the method; its own method keeps the parameters that \p base gives it. \p refusals: for methods that
    /// need replacement answers, where \p base brings none.
    CompareMethodsDialog(const ExperimentSpec &base, const MethodCatalog &catalog, const RefusalSpec &refusals, QWidget *parent = nullptr);

    /// One spec a method and seed, named after both; complete, and sound.
    std::vector<ExperimentSpec> specs() const;

private:
    ExperimentSpec specOf(const std::string &method) const;
    void showCount();

    ExperimentSpec m_base;
    const MethodCatalog &m_catalog;
    RefusalSpec m_refusals;
    QListWidget *m_methods;
    QSpinBox *m_seeds;
    QLabel *m_count;
    QPushButton *m_queue;
};

} // namespace lethe
