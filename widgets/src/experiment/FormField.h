#pragma once

#include "FieldEditor.h"

class QLabel;
class QToolButton;

namespace lethe {

class ChangeDot;

/// One value of the spec in the form: label, control, what is said of it, a dot where it differs, the way back, and beneath it
/// what is wrong with it. Its object name is the key path.
class FormField final : public QWidget
{
    Q_OBJECT

public:
    FormField(const QString &path, const ParameterSpec &parameter, const FieldLook &look, Dialogs &dialogs, QWidget *parent = nullptr);

    /// Of the column of labels, the same in all fields.
    static int labelWidth(const QFontMetrics &metrics);

    const QString &path() const { return m_path; }
    const ParameterSpec &parameter() const { return m_parameter; }
    FieldEditor &editor() { return *m_editor; }
    QJsonValue value() const { return m_editor->value(); }
    void setValue(const QJsonValue &value);
    /// What an unchanged field holds: the parent run's value or the default; \p origin says which.
    void setBaseline(const QJsonValue &baseline, const QString &origin);
    bool isChanged() const;
    /// Empty: nothing is wrong.
    void setProblem(const QString &text);
    /// What is worth knowing of a value that is right as such; empty: nothing.
    void setAdvice(const QString &text);
    QString problem() const;

Q_SIGNALS:
    void edited();

private:
    void showChange();
    QString range() const;

    QString m_path;
    ParameterSpec m_parameter;
    FieldEditor *m_editor;
    ChangeDot *m_dot;
    QLabel *m_label;
    QToolButton *m_reset;
    QLabel *m_problem;
    QLabel *m_advice;
    QJsonValue m_baseline;
};

} // namespace lethe
