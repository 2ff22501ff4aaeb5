#pragma once

#include "Sample.h"

#include <QtCore/QMap>
#include <QtWidgets/QDialog>

#include <atomic>
#include <memory>
#include <optional>

class QComboBox;
class QFormLayout;
class QLabel;
class QPushButton;
class QSettings;

namespace lethe {

class PreviewModel;
class RejectedModel;
class TaskList;

/// What an import brings, once its dialog is accepted.
struct ImportResult {
    SampleList forget, retain;
    DataSource fields; ///< `path` is the file
    std::int64_t rejected = 0;
};

/// A data file before it is imported: its first rows as parsed, which field is which, where the rows go, and the rows that
/// cannot be used, each with line and reason. Reads in the background.
class ImportDialog final : public QDialog
{
    Q_OBJECT

public:
    /// \p settings keep the mapping of fields for files of the same shape.
    ImportDialog(const QString &file, TaskList &tasks, QSettings &settings, QWidget *parent = nullptr);
    ~ImportDialog() override;

Q_SIGNALS:
    void imported(const lethe::ImportResult &result);

public:
    void accept() override;

private:
    struct Reading; ///< what the worker made of the file under the chosen fields
    void build();
    QComboBox *addChoice(QFormLayout *form, const QString &label, const QString &objectName);
    void showPreview(const Result<DataPreview> &preview);
    void fieldsChanged();
    void readRows();
    void showReading(const std::shared_ptr<const Reading> &reading);
    void targetChanged();
    void updateButton();
    void fail(const Error &error);
    DataSource chosenFields() const;
    QString settingsKey() const;

    QString m_file;
    TaskList &m_tasks;
    QSettings &m_settings;
    std::optional<DataPreview> m_preview;
    std::shared_ptr<const Reading> m_reading;
    quint64 m_generation = 0;
    std::shared_ptr<std::atomic<bool>> m_gone; ///< shared with the worker: nobody waits for it any more

    PreviewModel *m_previewModel;
    RejectedModel *m_rejectedModel;
    QLabel *m_facts;
    QComboBox *m_prompt;
    QComboBox *m_answer;
    QComboBox *m_alternate;
    QComboBox *m_target;
    QComboBox *m_splitField;
    QComboBox *m_splitValue;
    QWidget *m_split;
    QLabel *m_problem;
    QWidget *m_rejectedPart;
    QLabel *m_rejectedTitle;
    QPushButton *m_import;
};

} // namespace lethe
