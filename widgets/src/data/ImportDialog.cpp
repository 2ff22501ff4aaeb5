#include "ImportDialog.h"

#include "../parts/Panel.h"
#include "../parts/TableLook.h"
#include "../parts/Text.h"
#include "PreviewModel.h"
#include "SampleSets.h"

#include <widgets/Format.h>
#include <widgets/TaskList.h>
#include <widgets/Theme.h>

#include <QtCore/QCryptographicHash>
#include <QtCore/QFileInfo>
#include <QtCore/QJsonDocument>
#include <QtCore/QJsonObject>
#include <QtCore/QSettings>
#include <QtCore/QTimer>
#include <QtWidgets/QComboBox>
#include <QtWidgets/QDialogButtonBox>
#include <QtWidgets/QFormLayout>
#include <QtWidgets/QHeaderView>
#include <QtWidgets/QLabel>
#include <QtWidgets/QListView>
#include <QtWidgets/QPushButton>
#include <QtWidgets/QTableView>

namespace lethe {

namespace {

/// A field with more different values than this does not split a file into two sets.
constexpr int kMostGroups = 20;

/// What a row's other fields hold, as texts.
QMap<QString, QString> otherFields(const DataRow &row)
{
    QMap<QString, QString> fields;
    if (row.extraJson.empty())
        return fields;
    const QJsonObject object = QJsonDocument::fromJson(QByteArray::fromStdString(row.extraJson)).object();
    for (auto field = object.begin(); field != object.end(); ++field) {
        const QJsonValue value = field.value();
        if (value.isString() || value.isBool() || value.isDouble())
            fields.insert(field.key(), value.toVariant().toString());
    }
    return fields;
}

} // namespace

struct ImportDialog::Reading {
    std::optional<Error> error;
    SampleList samples;
    std::vector<RejectedRow> rejected;
    QMap<QString, QStringList> groups; ///< field → its values, where there are few
};

ImportDialog::ImportDialog(const QString &file, TaskList &tasks, QSettings &settings, QWidget *parent)
    : QDialog(parent), m_file(file), m_tasks(tasks), m_settings(settings), m_gone(std::make_shared<std::atomic<bool>>(false)),
      m_previewModel(new PreviewModel(this)), m_rejectedModel(new RejectedModel(this))
{
    setObjectName(QStringLiteral("importDialog"));
    setAttribute(Qt::WA_DeleteOnClose);
    setWindowTitle(tr("Import %1").arg(QFileInfo(file).fileName()));
    build();
    auto preview = std::make_shared<std::optional<Result<DataPreview>>>();
    m_tasks.start(
        tr("Look at %1").arg(QFileInfo(file).fileName()), this,
        [preview, path = toPath(file)](TaskHandle &) {
            preview->emplace(previewDataset(path));
            return (*preview)->ok() ? tr("done") : toQt(std::string_view((*preview)->error().what));
        },
        [this, preview] {
            if (preview->has_value())
                showPreview(**preview);
        });
}

ImportDialog::~ImportDialog()
{
    m_gone->store(true);
}

QComboBox *ImportDialog::addChoice(QFormLayout *form, const QString &label, const QString &objectName)
{
    auto *choice = new QComboBox(this);
    choice->setObjectName(objectName);
    choice->setSizeAdjustPolicy(QComboBox::AdjustToContents);
    choice->setMinimumContentsLength(18);
    form->addRow(label, choice);
    return choice;
}

void ImportDialog::build()
{
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(Theme::space(5), Theme::space(4), Theme::space(5), Theme::space(4));
    layout->setSpacing(Theme::space(3));
    m_facts = mutedLabel(tr("Reading %1…").arg(QFileInfo(m_file).fileName()));
    m_facts->setObjectName(QStringLiteral("importFacts"));
    layout->addWidget(m_facts);

    auto *table = new QTableView(this);
    table->setObjectName(QStringLiteral("importPreview"));
    table->setAccessibleName(tr("First rows of the file"));
    table->setModel(m_previewModel);
    polishTable(table);
    table->setSelectionMode(QAbstractItemView::NoSelection);
    table->horizontalHeader()->setDefaultSectionSize(fontMetrics().averageCharWidth() * 34);
    table->horizontalHeader()->setStretchLastSection(true);
    table->setMinimumHeight(fontMetrics().height() * 11);
    layout->addWidget(table, 3);

    auto *columns = new QHBoxLayout;
    columns->setSpacing(Theme::space(6));
    auto *fields = new QFormLayout;
    fields->setVerticalSpacing(Theme::space(2));
    m_prompt = addChoice(fields, tr("&Prompt"), QStringLiteral("importPrompt"));
    m_answer = addChoice(fields, tr("&Answer"), QStringLiteral("importAnswer"));
    m_alternate = addChoice(fields, tr("&Replacement answer"), QStringLiteral("importAlternate"));
    columns->addLayout(fields);
    auto *target = new QFormLayout;
    target->setVerticalSpacing(Theme::space(2));
    m_target = addChoice(target, tr("&Into"), QStringLiteral("importTarget"));
    m_target->addItem(tr("the forget set"), 0);
    m_target->addItem(tr("the retain set"), 1);
    m_target->addItem(tr("both, split by a field"), 2);
    m_split = new QWidget(this);
    auto *split = new QHBoxLayout(m_split);
    split->setContentsMargins(0, 0, 0, 0);
    m_splitField = new QComboBox(m_split);
    m_splitField->setObjectName(QStringLiteral("importSplitField"));
    m_splitField->setAccessibleName(tr("Field that splits the rows"));
    m_splitValue = new QComboBox(m_split);
    m_splitValue->setObjectName(QStringLiteral("importSplitValue"));
    m_splitValue->setAccessibleName(tr("Value of the rows to forget"));
    split->addWidget(m_splitField);
    split->addWidget(new QLabel(QStringLiteral("="), m_split));
    split->addWidget(m_splitValue);
    split->addStretch();
    target->addRow(tr("&Forget rows with"), m_split);
    columns->addLayout(target);
    columns->addStretch();
    auto *choices = new QWidget(this);
    choices->setLayout(columns);
    columns->setContentsMargins(0, 0, 0, 0);
    choices->setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
    layout->addWidget(choices);

    m_problem = new QLabel(this);
    m_problem->setObjectName(QStringLiteral("importProblem"));
    m_problem->setWordWrap(true);
    Theme::setRole(m_problem, TextRole::Error);
    m_problem->hide();
    layout->addWidget(m_problem);

    m_rejectedPart = new QWidget(this);
    auto *rejected = new QVBoxLayout(m_rejectedPart);
    rejected->setContentsMargins(0, 0, 0, 0);
    m_rejectedTitle = new QLabel(m_rejectedPart);
    m_rejectedTitle->setObjectName(QStringLiteral("importRejectedTitle"));
    Theme::setRole(m_rejectedTitle, TextRole::Warning);
    auto *list = new QListView(m_rejectedPart);
    list->setObjectName(QStringLiteral("importRejected"));
    list->setAccessibleName(tr("Rows that cannot be used"));
    list->setModel(m_rejectedModel);
    list->setUniformItemSizes(true);
    list->setMinimumHeight(fontMetrics().height() * 5);
    rejected->addWidget(m_rejectedTitle);
    rejected->addWidget(list);
    m_rejectedPart->hide();
    layout->addWidget(m_rejectedPart, 1);

    auto *buttons = new QDialogButtonBox(this);
    m_import = buttons->addButton(tr("Import"), QDialogButtonBox::AcceptRole);
    m_import->setObjectName(QStringLiteral("importAccept"));
    m_import->setProperty("primary", true);
    m_import->setDefault(true);
    m_import->setEnabled(false);
    buttons->addButton(QDialogButtonBox::Cancel);
    layout->addWidget(buttons);
    connect(buttons, &QDialogButtonBox::accepted, this, &ImportDialog::accept);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    for (QComboBox *choice : {m_prompt, m_answer, m_alternate})
        connect(choice, &QComboBox::activated, this, &ImportDialog::fieldsChanged);
    connect(m_target, &QComboBox::currentIndexChanged, this, &ImportDialog::targetChanged);
    connect(m_splitField, &QComboBox::currentIndexChanged, this, &ImportDialog::targetChanged);
    resize(fontMetrics().averageCharWidth() * 130, fontMetrics().height() * 34);
    targetChanged();
}

QString ImportDialog::settingsKey() const
{
    QByteArray shape;
    for (const std::string &field : m_preview->fields)
        shape += QByteArray::fromStdString(field) + '\n';
    return QStringLiteral("import/") + QString::fromLatin1(QCryptographicHash::hash(shape, QCryptographicHash::Sha1).toHex().left(12));
}

void ImportDialog::fail(const Error &error)
{
    m_problem->setText(toQt(std::string_view(error.message())));
    m_problem->show();
    m_import->setEnabled(false);
}

void ImportDialog::showPreview(const Result<DataPreview> &preview)
{
    if (!preview.ok()) {
        m_facts->setText(QFileInfo(m_file).fileName());
        return fail(preview.error());
    }
    m_preview = *preview;
    m_previewModel->setPreview(*m_preview);
    m_facts->setText(tr("%1, UTF-8, %2; the first %L3 are shown.")
                         .arg(toQt(toString(m_preview->format)), rowsText(m_preview->totalRows)).arg(m_preview->rows.size()));
    const bool document = m_preview->format == DataFormat::PlainText;
    const QStringList kept = m_settings.value(settingsKey()).toStringList();
    const auto fill = [this](QComboBox *choice, const QString &chosen, bool mayBeNone) {
        choice->clear();
        if (mayBeNone)
            choice->addItem(tr("none"), QString());
        for (const std::string &field : m_preview->fields)
            choice->addItem(toQt(std::string_view(field)), toQt(std::string_view(field)));
        choice->setCurrentIndex(std::max(0, choice->findData(chosen)));
    };
    const auto guess = [&kept](int at, const std::string &guessed) { return at < kept.size() ? kept[at] : toQt(std::string_view(guessed)); };
    fill(m_prompt, guess(0, m_preview->guessedPrompt), true);
    fill(m_answer, guess(1, m_preview->guessedAnswer), false);
    fill(m_alternate, guess(2, m_preview->guessedAlternate), true);
    for (QComboBox *choice : {m_prompt, m_answer, m_alternate})
        choice->setEnabled(!document);
    const QString name = QFileInfo(m_file).fileName();
    m_target->setCurrentIndex(kept.size() > 3 ? kept[3].toInt() : name.contains(QLatin1String("retain"), Qt::CaseInsensitive) ? 1 : 0);
    fieldsChanged();
}

DataSource ImportDialog::chosenFields() const
{
    DataSource fields;
    fields.path = toStd(m_file);
    if (m_preview && m_preview->format != DataFormat::PlainText) {
        fields.prompt = toStd(m_prompt->currentData().toString());
        fields.answer = toStd(m_answer->currentData().toString());
        fields.alternate = toStd(m_alternate->currentData().toString());
    }
    return fields;
}

void ImportDialog::fieldsChanged()
{
    m_previewModel->setFields(chosenFields());
    readRows();
}

void ImportDialog::readRows()
{
    const quint64 generation = ++m_generation;
    m_reading.reset();
    m_problem->hide();
    m_rejectedPart->hide();
    updateButton();
    auto reading = std::make_shared<Reading>();
    m_tasks.start(
        tr("Read %1").arg(QFileInfo(m_file).fileName()), this,
        [reading, path = toPath(m_file), fields = chosenFields(), gone = m_gone](TaskHandle &handle) {
            handle.report(tr("Reading rows"), 0, 0);
            Result<Dataset> dataset = readDataset(path, fields);
            if (!dataset.ok()) {
                reading->error = dataset.error();
                return toQt(std::string_view(dataset.error().what));
            }
            QSet<QString> tooMany;
            for (DataRow &row : dataset->rows) {
                if (gone->load() || handle.isCancelled())
                    return tr("stopped");
                const QMap<QString, QString> others = otherFields(row);
                for (auto field = others.begin(); field != others.end(); ++field) {
                    if (tooMany.contains(field.key()))
                        continue;
                    QStringList &values = reading->groups[field.key()];
                    if (!values.contains(field.value()))
                        values.append(field.value());
                    if (values.size() > kMostGroups) {
                        reading->groups.remove(field.key());
                        tooMany.insert(field.key());
                    }
                }
                reading->samples.push_back(makeSample(std::move(row)));
            }
            reading->rejected = std::move(dataset->rejected);
            return rowsText(static_cast<std::int64_t>(reading->samples.size()));
        },
        [this, reading, generation] {
            if (generation == m_generation)
                showReading(reading);
        });
}

void ImportDialog::showReading(const std::shared_ptr<const Reading> &reading)
{
    if (reading->error)
        return fail(*reading->error);
    m_reading = reading;
    const QString field = m_splitField->currentText();
    {
        const QSignalBlocker quiet(m_splitField);
        m_splitField->clear();
        for (auto group = m_reading->groups.begin(); group != m_reading->groups.end(); ++group)
            if (group.value().size() > 1)
                m_splitField->addItem(group.key());
        m_splitField->setCurrentIndex(std::max(0, m_splitField->findText(field)));
    }
    const auto rejected = static_cast<std::int64_t>(m_reading->rejected.size());
    m_rejectedModel->setRows(m_reading->rejected);
    m_rejectedTitle->setText(rejected == 1 ? tr("1 row cannot be used:") : tr("%L1 rows cannot be used:").arg(rejected));
    m_rejectedPart->setVisible(rejected > 0);
    targetChanged();
}

void ImportDialog::targetChanged()
{
    const bool split = m_target->currentData().toInt() == 2;
    m_split->setEnabled(split);
    if (m_reading) {
        const QSignalBlocker quiet(m_splitValue);
        const QString value = m_splitValue->currentText();
        m_splitValue->clear();
        m_splitValue->addItems(m_reading->groups.value(m_splitField->currentText()));
        m_splitValue->setCurrentIndex(std::max(0, m_splitValue->findText(value)));
    }
    updateButton();
}

void ImportDialog::updateButton()
{
    const auto rows = m_reading ? static_cast<std::int64_t>(m_reading->samples.size()) : 0;
    const bool rejected = m_reading && !m_reading->rejected.empty();
    if (!m_reading)
        m_import->setText(tr("Import"));
    else if (rejected)
        m_import->setText(rows == 1 ? tr("Import the other row") : tr("Import the other %1 rows").arg(format::count(rows)));
    else
        m_import->setText(tr("Import %1").arg(rowsText(rows)));
    const bool splitReady = m_target->currentData().toInt() != 2 || m_splitValue->count() > 0;
    m_import->setEnabled(rows > 0 && splitReady);
    m_import->setToolTip(splitReady ? QString() : tr("No field of this file has between 2 and %1 values.").arg(kMostGroups));
}

void ImportDialog::accept()
{
    if (!m_reading || !m_import->isEnabled())
        return;
    ImportResult result{.forget = {}, .retain = {}, .fields = chosenFields(), .rejected = static_cast<std::int64_t>(m_reading->rejected.size())};
    const int target = m_target->currentData().toInt();
    if (target == 0)
        result.forget = m_reading->samples;
    else if (target == 1)
        result.retain = m_reading->samples;
    else
        for (const SamplePointer &sample : m_reading->samples)
            (otherFields(sample->row).value(m_splitField->currentText()) == m_splitValue->currentText() ? result.forget : result.retain)
                .push_back(sample);
    m_settings.setValue(settingsKey(), QStringList{m_prompt->currentData().toString(), m_answer->currentData().toString(),
                                                   m_alternate->currentData().toString(), QString::number(target)});
    Q_EMIT imported(result);
    QDialog::accept();
}

} // namespace lethe
