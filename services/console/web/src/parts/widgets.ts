/** The widgets of Element Plus that pages use, each with its own style; what is not here is not shipped. */
import {
  ElButton, ElCheckbox, ElConfigProvider, ElDialog, ElInput, ElOption, ElRadio, ElRadioButton, ElRadioGroup, ElSelect, ElSkeleton,
  ElTabPane, ElTabs,
} from 'element-plus'
import 'element-plus/es/components/base/style/css'
import 'element-plus/es/components/button/style/css'
import 'element-plus/es/components/checkbox/style/css'
import 'element-plus/es/components/dialog/style/css'
import 'element-plus/es/components/input/style/css'
import 'element-plus/es/components/option/style/css'
import 'element-plus/es/components/radio-button/style/css'
import 'element-plus/es/components/radio-group/style/css'
import 'element-plus/es/components/radio/style/css'
import 'element-plus/es/components/select/style/css'
import 'element-plus/es/components/skeleton/style/css'
import 'element-plus/es/components/tab-pane/style/css'
import 'element-plus/es/components/tabs/style/css'
import type { App } from 'vue'

const USED = [
  ElButton, ElCheckbox, ElConfigProvider, ElDialog, ElInput, ElOption, ElRadio, ElRadioButton, ElRadioGroup, ElSelect, ElSkeleton,
  ElTabPane, ElTabs,
]

export function widgets(app: App): void {
  for (const widget of USED) app.component(widget.name!, widget)
}

declare module 'vue' {
  interface GlobalComponents {
    ElButton: typeof ElButton
    ElCheckbox: typeof ElCheckbox
    ElConfigProvider: typeof ElConfigProvider
    ElDialog: typeof ElDialog
    ElInput: typeof ElInput
    ElOption: typeof ElOption
    ElRadio: typeof ElRadio
    ElRadioButton: typeof ElRadioButton
    ElRadioGroup: typeof ElRadioGroup
    ElSelect: typeof ElSelect
    ElSkeleton: typeof ElSkeleton
    ElTabPane: typeof ElTabPane
    ElTabs: typeof ElTabs
  }
}
