#include "SettingsDialog.h"

#include "Fuzzy.h"
#include "RunSettings.h"
#include "SettingRow.h"
#include "SettingsPanes.h"

#include <widgets/Appearance.h>
#include <widgets/Dialogs.h>
#include <widgets/Format.h>
#include <widgets/Theme.h>
#include <widgets/Workspace.h>

#include <QtCore/QDir>
#include <QtCore/QFileInfo>
#include <QtCore/QUrl>
#include <QtGui/QDesktopServices>
#include <QtWidgets/QApplication>
#include <QtWidgets/QCheckBox>
#include <QtWidgets/QComboBox>
#include <QtWidgets/QDoubleSpinBox>
#include <QtWidgets/QHBoxLayout>
#include <QtWidgets/QLabel>
#include <QtWidgets/QLineEdit>
#include <QtWidgets/QListWidget>
#include <QtWidgets/QPushButton>
#include <QtWidgets/QScrollArea>
#include <QtWidgets/QSpinBox>
#include <QtWidgets/QStackedWidget>
#include <QtWidgets/QVBoxLayout>

namespace lethe {

namespace {

const QString kThemeKey = QStringLiteral("appearance/theme");
const QString kTextSizeKey = QStringLiteral("appearance/textSize");
const QString kRedrawsKey = QStringLiteral("plots/redrawsPerSecond");
const QString kHintsKey = QStringLiteral("hints/dismissed");
const QString kSectionKey = QStringLiteral("settings/section");
const QString kSmoothingKey = QStringLiteral("plots/defaultSmoothing");
constexpr int kUsualRedraws = 4;
constexpr double kUsualSmoothing = 0.6;

QWidget *inScroll(QWidget *content)
{
    auto *area = new QScrollArea;
    content->setObjectName(QStringLiteral("pageContent"));
    area->setWidgetResizable(true);
    area->setWidget(content);
    area->setFrameShape(QFrame::NoFrame);
    return area;
}

QVBoxLayout *paneLayout(QWidget *pane)
{
    auto *all = new QVBoxLayout(pane);
    all->setContentsMargins(Theme::space(5), Theme::space(4), Theme::space(5), Theme::space(4));
    all->setSpacing(Theme::space(5));
    return all;
}

} // namespace

void applyAppearance(QSettings &settings)
{
    Theme::setTextSize(settings.value(kTextSizeKey, 100).toInt());
    const QString theme = settings.value(kThemeKey).toString();
    Theme::apply(*qApp, theme == QLatin1String("light") ? ThemeChoice::Light
                        : theme == QLatin1String("dark") ? ThemeChoice::Dark
                                                         : ThemeChoice::System);
}

std::vector<SettingsSection> SettingsDialog::sections()
{
    return {{QStringLiteral("general"), tr("General"), QStringLiteral("settings"), tr("theme light dark system text size font hints")},
            {QStringLiteral("plots"), tr("Plots"), QStringLiteral("live"), tr("redraw rate curves smoothing")},
            {QStringLiteral("runs"), tr("Runs"), QStringLiteral("device"),
             tr("device numbers dtype threads pause disk evaluation prompts defaults of new experiments")},
            {QStringLiteral("storage"), tr("Storage"), QStringLiteral("database"), tr("store file checkpoints folder log")},
            {QStringLiteral("plugins"), tr("Plugins"), QStringLiteral("plug"), tr("methods reload folders errors")},
            {QStringLiteral("keyboard"), tr("Keyboard"), QStringLiteral("keyboard"), tr("keys shortcuts")},
            {QStringLiteral("about"), tr("About Lethe"), QStringLiteral("info"), tr("version licence device network third-party notices")}};
}

SettingsDialog::SettingsDialog(Workspace &workspace, Dialogs &dialogs, WindowActions &actions, QWidget *parent)
    : QDialog(parent), m_workspace(workspace), m_dialogs(dialogs), m_list(new QListWidget(this)), m_stack(new QStackedWidget(this))
{
    setObjectName(QStringLiteral("settings"));
    setWindowTitle(tr("Settings – Lethe"));
    resize(fontMetrics().averageCharWidth() * 130, fontMetrics().height() * 34);
    auto *searchField = new QLineEdit(this);
    searchField->setPlaceholderText(tr("Search settings"));
    searchField->setAccessibleName(tr("Search settings"));
    searchField->setClearButtonEnabled(true);
    m_list->setObjectName(QStringLiteral("settingsSections"));
    m_list->setAccessibleName(tr("Sections"));
    m_list->setIconSize({Theme::space(4), Theme::space(4)});
    for (const SettingsSection &section : sections()) {
        auto *item = new QListWidgetItem(Theme::icon(section.icon), section.title, m_list);
        item->setData(Qt::UserRole, section.id);
        item->setData(Qt::UserRole + 1, section.title + QLatin1Char(' ') + section.words);
    }
    auto *left = new QVBoxLayout;
    left->addWidget(searchField);
    left->addWidget(m_list, 1);
    m_list->setFixedWidth(fontMetrics().averageCharWidth() * 26);
    searchField->setFixedWidth(m_list->width());
    m_stack->addWidget(inScroll(makeGeneral()));
    m_stack->addWidget(inScroll(makePlots()));
    m_stack->addWidget(inScroll(makeRuns()));
    m_stack->addWidget(inScroll(makeStorage()));
    m_stack->addWidget(inScroll(makePluginsPane(workspace, dialogs, this)));
    m_stack->addWidget(inScroll(makeKeysPane(actions, this)));
    m_stack->addWidget(inScroll(makeAboutPane(this)));
    auto *all = new QHBoxLayout(this);
    all->setContentsMargins(Theme::space(4), Theme::space(4), 0, Theme::space(4));
    all->addLayout(left);
    all->addWidget(m_stack, 1);
    connect(m_list, &QListWidget::currentRowChanged, this, [this](int row) {
        if (row < 0)
            return;
        m_stack->setCurrentIndex(row);
        m_workspace.settings().setValue(kSectionKey, m_list->item(row)->data(Qt::UserRole));
    });
    connect(searchField, &QLineEdit::textChanged, this, &SettingsDialog::search);
}

void SettingsDialog::showSection(const QString &id)
{
    const QString wanted = id.isEmpty() ? m_workspace.settings().value(kSectionKey, QStringLiteral("general")).toString() : id;
    for (int row = 0; row < m_list->count(); ++row)
        if (m_list->item(row)->data(Qt::UserRole).toString() == wanted)
            m_list->setCurrentRow(row);
    m_list->setFocus();
}

void SettingsDialog::search(const QString &text)
{
    int first = -1;
    for (int row = 0; row < m_list->count(); ++row) {
        const bool fits = fuzzyScore(text, m_list->item(row)->data(Qt::UserRole + 1).toString()) >= 0;
        m_list->item(row)->setHidden(!fits);
        if (fits && first < 0)
            first = row;
    }
    if (first >= 0 && !text.isEmpty())
        m_list->setCurrentRow(first);
}

QWidget *SettingsDialog::makeGeneral()
{
    auto *pane = new QWidget;
    QVBoxLayout *all = paneLayout(pane);
    QSettings &settings = m_workspace.settings();
    auto *look = new SettingCard(tr("Appearance"), pane);

    auto *theme = new QComboBox(pane);
    theme->setObjectName(QStringLiteral("settingTheme"));
    theme->addItem(tr("System"), QString());
    theme->addItem(tr("Light"), QStringLiteral("light"));
    theme->addItem(tr("Dark"), QStringLiteral("dark"));
    theme->setCurrentIndex(std::max(0, theme->findData(settings.value(kThemeKey).toString())));
    connect(theme, &QComboBox::currentIndexChanged, this, [&settings, theme] {
        settings.setValue(kThemeKey, theme->currentData());
        applyAppearance(settings);
    });
    look->addRow(tr("Theme"), theme, tr("System follows the desktop, also while Lethe runs."), [theme] { theme->setCurrentIndex(0); });

    auto *size = new QSpinBox(pane);
    size->setObjectName(QStringLiteral("settingTextSize"));
    size->setRange(75, 200);
    size->setSingleStep(5);
    size->setSuffix(tr(" %"));
    size->setKeyboardTracking(false);
    size->setValue(settings.value(kTextSizeKey, 100).toInt());
    connect(size, &QSpinBox::valueChanged, this, [&settings](int percent) {
        settings.setValue(kTextSizeKey, percent);
        applyAppearance(settings);
    });
    look->addRow(tr("Text size"), size, tr("Distances grow with the text. Some parts take the new size at the next start."), [size] { size->setValue(100); });
    all->addWidget(look);

    auto *help = new SettingCard(tr("Help"), pane);
    auto *hints = new QPushButton(tr("Show all hints again"), pane);
    connect(hints, &QPushButton::clicked, this, [&settings] { settings.remove(kHintsKey); });
    help->addRow(tr("Hints"), hints, tr("One line on each screen that says what can be done next."));
    all->addWidget(help);
    all->addStretch();
    return pane;
}

QWidget *SettingsDialog::makePlots()
{
    auto *pane = new QWidget;
    QVBoxLayout *all = paneLayout(pane);
    QSettings &settings = m_workspace.settings();
    auto *card = new SettingCard(tr("Plots"), pane);
    auto *redraws = new QSpinBox(pane);
    redraws->setObjectName(QStringLiteral("settingRedraws"));
    redraws->setRange(1, 20);
    redraws->setSuffix(tr(" a second"));
    redraws->setValue(settings.value(kRedrawsKey, kUsualRedraws).toInt());
    connect(redraws, &QSpinBox::valueChanged, this, [&settings](int value) { settings.setValue(kRedrawsKey, value); });
    card->addRow(tr("Redraws"), redraws, tr("How often a panel is drawn at most while a run goes on. Fewer leave more of the processor to the run."),
                 [redraws] { redraws->setValue(kUsualRedraws); });
    auto *smoothing = new QDoubleSpinBox(pane);
    smoothing->setObjectName(QStringLiteral("settingSmoothing"));
    smoothing->setRange(0, 0.99);
    smoothing->setSingleStep(0.05);
    smoothing->setLocale(QLocale::c());
    smoothing->setValue(settings.value(kSmoothingKey, kUsualSmoothing).toDouble());
    connect(smoothing, &QDoubleSpinBox::valueChanged, this, [&settings](double value) { settings.setValue(kSmoothingKey, value); });
    card->addRow(tr("Smoothing"), smoothing,
                 tr("Of what changes with every step, in panels whose smoothing was never set: 0 is off. Values of evaluations are not smoothed."),
                 [smoothing] { smoothing->setValue(kUsualSmoothing); });
    all->addWidget(card);
    all->addStretch();
    return pane;
}

QWidget *SettingsDialog::makeRuns()
{
    auto *pane = new QWidget;
    QVBoxLayout *all = paneLayout(pane);
    QSettings &settings = m_workspace.settings();
    auto *watch = new SettingCard(tr("While a run goes on"), pane);
    auto *trouble = new QCheckBox(tr("Pause on trouble"), pane);
    trouble->setObjectName(QStringLiteral("settingPauseOnTrouble"));
    trouble->setChecked(settings.value(kPauseOnTroubleKey, true).toBool());
    connect(trouble, &QCheckBox::toggled, this, [&settings](bool on) { settings.setValue(kPauseOnTroubleKey, on); });
    watch->addRow(tr("Watching"), trouble,
                  tr("At a step that is not finite, and where a checkpoint finds no room on the disk, the run waits for you. Otherwise it goes on "
                     "without the step, and ends without the checkpoint. Takes effect with the next run."),
                  [trouble] { trouble->setChecked(true); });
    const auto number = [&](const char *name, const QString &key, int least, int most, int usual) {
        auto *box = new QSpinBox(pane);
        box->setObjectName(QLatin1String(name));
        box->setRange(least, most);
        box->setValue(settings.value(key, usual).toInt());
        connect(box, &QSpinBox::valueChanged, this, [&settings, key](int value) { settings.setValue(key, value); });
        return box;
    };
    auto *threads = number("settingThreads", kThreadsKey, 0, 1024, 0);
    threads->setSpecialValueText(tr("as many as there are"));
    watch->addRow(tr("Threads"), threads, tr("Of the processor, for a run's arithmetic. Fewer leave more of it to other work."),
                  [threads] { threads->setValue(0); });
    all->addWidget(watch);

    auto *fresh = new SettingCard(tr("New experiments"), pane);
    const auto choice = [&](const char *name, const QString &key, const QStringList &values) {
        auto *box = new QComboBox(pane);
        box->setObjectName(QLatin1String(name));
        box->addItems(values);
        box->setCurrentText(settings.value(key, values.front()).toString());
        connect(box, &QComboBox::currentTextChanged, this, [&settings, key](const QString &value) { settings.setValue(key, value); });
        return box;
    };
    auto *device = choice("settingDevice", kNewDeviceKey, {QStringLiteral("auto"), QStringLiteral("cpu"), QStringLiteral("cuda")});
    fresh->addRow(tr("Device"), device, tr("“auto” takes the first CUDA device, and the processor where there is none."), [device] { device->setCurrentIndex(0); });
    auto *dtype = choice("settingDtype", kNewDtypeKey, {QStringLiteral("f32"), QStringLiteral("bf16")}); // nothing trains in f16
    fresh->addRow(tr("Weights as"), dtype, tr("bf16 halves the memory of the weights; f32 repeats to the bit everywhere."), [dtype] { dtype->setCurrentIndex(0); });
    auto *prompts = number("settingPrompts", kNewPromptsKey, 0, 1000, kUsualPrompts);
    fresh->addRow(tr("Prompts"), prompts, tr("Of each set, answered at every evaluation and read in Generations."), [prompts] { prompts->setValue(kUsualPrompts); });
    auto *length = number("settingAnswerLength", kNewAnswerLengthKey, 1, 2048, kUsualAnswerLength);
    length->setSuffix(tr(" tokens"));
    fresh->addRow(tr("Longest answer"), length, {}, [length] { length->setValue(kUsualAnswerLength); });
    all->addWidget(fresh);
    all->addStretch();
    return pane;
}

QWidget *SettingsDialog::makeStorage()
{
    auto *pane = new QWidget;
    QVBoxLayout *all = paneLayout(pane);
    auto *card = new SettingCard(tr("Store"), pane);
    const QString file = QString::fromStdString(m_workspace.store().file().string());
    const auto place = [&](const QString &path) {
        auto *label = new QLabel(path, pane);
        label->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
        label->setWordWrap(true);
        label->setMinimumWidth(fontMetrics().averageCharWidth() * 50);
        label->setFont(Theme::monoFont());
        return label;
    };
    card->addRow(tr("File"), place(file),
                 tr("%1 now. Another store: start with --db FILE.").arg(format::bytes(QFileInfo(file).size())));
    card->addRow(tr("Runs"), place(QFileInfo(file).dir().filePath(QStringLiteral("runs"))), tr("One folder a run, with its checkpoints."));
    auto *open = new QPushButton(Theme::icon(QStringLiteral("folder-open")), tr("Open folder"), pane);
    connect(open, &QPushButton::clicked, this, [file] { QDesktopServices::openUrl(QUrl::fromLocalFile(QFileInfo(file).absolutePath())); });
    card->addRow(tr("Folder"), open, {});
    all->addWidget(card);
    all->addStretch();
    return pane;
}

} // namespace lethe
