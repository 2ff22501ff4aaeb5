#pragma once

#include "SpecFields.h"

#include <lethe/base/Result.h>

#include <QtCore/QJsonObject>
#include <QtCore/QMap>
#include <QtWidgets/QWidget>

#include <vector>

class QCheckBox;
class QLabel;
class QPushButton;
class QVBoxLayout;

namespace lethe {

class Panel;
class Dialogs;
class Fold;
class FormField;

/// The spec as a form: the method's parameters from its manifest, then model and data, training and evaluation. It edits the
/// spec's JSON by key paths, so that what is typed is judged by the code that reads spec files.
class SpecForm final : public QWidget
{
    Q_OBJECT

public:
    SpecForm(Dialogs &dialogs, const QStringList &devices, QWidget *parent = nullptr);

    /// null: no usable method is chosen; \p why says so.
    void setMethod(const MethodManifest *manifest, const QString &why);
    void setDocument(const QJsonObject &document);
    const QJsonObject &document() const { return m_document; }
    /// What unchanged values are; \p origin: `default`, or the parent run's name.
    void setBaseline(const QJsonObject &baseline, const QString &origin);
    /// Shows each problem beside its field; gives back those that have none.
    std::vector<Error> setProblems(const std::vector<Error> &problems);
    int problemCount() const;
    bool focusFirstProblem();
    /// The sets' own line: what they hold, or that they are missing.
    void setSetsText(const QString &text, bool missing);
    void setModelText(const QString &text);
    /// The line on replacement answers, there where the method needs them.
    void setRefusalsText(const QString &text, bool missing);
    int changes() const;
    FormField *field(const QString &path) const { return m_fields.value(path); }
    /// Object names of groups that are folded open, kept by the page.
    QStringList openFolds() const;
    void setOpenFolds(const QStringList &names);

Q_SIGNALS:
    /// The user changed the value at this path; the document has it.
    void edited(const QString &path);
    void setsRequested();
    void modelRequested();
    void refusalsRequested();
    void foldsChanged();

private:
    void build();
    QWidget *buildRefusals(QWidget *parent);
    Panel *addGroup(const QString &title, const QString &objectName);
    void addFields(Panel *card, const QString &group, const std::vector<SpecField> &fields);
    void fieldEdited(FormField *field);
    void setPart(const QString &path, bool on);
    void showDependencies();
    void showFoldTitles();
    QJsonValue shownValue(const FormField &field) const;
    FormField *fieldFor(const QString &where) const;

    Dialogs &m_dialogs;
    QStringList m_devices;
    QJsonObject m_document;
    QJsonObject m_baseline;
    QString m_origin;
    QString m_methodId;
    QVBoxLayout *m_layout;
    Panel *m_methodCard = nullptr;
    QWidget *m_methodBody = nullptr;
    QMap<QString, FormField *> m_fields;
    QStringList m_order;            ///< paths as they stand, for the first problem
    QStringList m_methodPaths;
    QMap<QString, Fold *> m_folds;  ///< by group
    QWidget *m_sets = nullptr;
    QLabel *m_setsText = nullptr;
    QPushButton *m_setsButton = nullptr;
    QMap<QString, QLabel *> m_lineProblems; ///< of `data.forget` and `data.retain`, which have no control of their own
    QWidget *m_refusals = nullptr;
    QLabel *m_refusalsText = nullptr;
    QPushButton *m_refusalsButton = nullptr;
    QLabel *m_modelText = nullptr;
    QPushButton *m_modelButton = nullptr;
    QCheckBox *m_lora = nullptr;
    QWidget *m_loraBody = nullptr;
    QCheckBox *m_eval = nullptr;
    QWidget *m_evalBody = nullptr;
};

} // namespace lethe
