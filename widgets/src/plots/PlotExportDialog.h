#pragma once

#include "PlotExport.h"

#include <QtWidgets/QDialog>

class QCheckBox;
class QComboBox;
class QLabel;
class QSettings;
class QSpinBox;

namespace lethe {

class Dialogs;

/// Asks what a plot is written as and where; a failed write is said here, where another folder can be chosen.
class PlotExportDialog : public QDialog
{
    Q_OBJECT

public:
    PlotExportDialog(PlotExport plot, const QString &title, Dialogs &dialogs, QSettings *settings, QWidget *parent = nullptr);

    /// Whose plot it is, a run's name for one: the file's name begins with it.
    void setSubject(const QString &subject) { m_subject = subject; }
    PlotExportOptions options() const;
    QString writtenPath() const { return m_writtenPath; }
    /// Writes to \p path by the options; says the error in the dialog where it fails.
    bool writeTo(const QString &path);

private:
    void updateEnabled();
    void choose();

    PlotExport m_plot;
    QString m_title;
    QString m_subject;
    Dialogs &m_dialogs;
    QSettings *m_settings;
    QString m_writtenPath;
    QComboBox *m_format;
    QComboBox *m_size;
    QSpinBox *m_scale;
    QCheckBox *m_transparent;
    QCheckBox *m_visibleOnly;
    QLabel *m_error;
};

} // namespace lethe
