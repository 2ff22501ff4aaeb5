#pragma once

#include <lethe/method/MethodManifest.h>

#include <QtCore/QJsonValue>
#include <QtWidgets/QWidget>

namespace lethe {

class Dialogs;

/// How a field looks where the type alone does not say.
struct FieldLook {
    enum class Kind { ByType, Folder, EscapedText, EditableChoice };
    Kind kind = Kind::ByType;
    QString emptyMeaning;   ///< set: the field may be empty (null), and this is what that means
    QStringList suggestions; ///< for lists and editable choices
};

/// The control of one value, chosen by the parameter's type: int and float → number with steps, bool → check box, choice →
/// segments up to four, a combo box above, list → tokens, string → line.
class FieldEditor : public QWidget
{
    Q_OBJECT

public:
    using QWidget::QWidget;

    virtual QJsonValue value() const = 0;
    virtual void setValue(const QJsonValue &value) = 0;
    /// What the error edge is drawn around.
    virtual QWidget *control() = 0;

Q_SIGNALS:
    void edited();
};

FieldEditor *makeFieldEditor(const ParameterSpec &parameter, const FieldLook &look, Dialogs &dialogs, QWidget *parent);

QJsonValue toJsonValue(const ParameterValue &value);

} // namespace lethe
