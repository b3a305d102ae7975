export { Admission, type Applicant, type Usage } from "./admission.ts";
