package autotask

// Field tables of posted items and invoices (Autotask sheet §5.12, §5.13).

const invoiceFields = `
id long RO
companyID int RO ->Companies
invoiceNumber s100
invoiceDateTime datetime RO
createDateTime datetime RO
invoiceTotal double RO
totalTaxValue double RO
fromDate datetime RO
toDate datetime RO
comments s2000 RO
orderNumber s20 RO
paymentTerm int RO PL
dueDate datetime RO
paidDate datetime
webServiceDate datetime
isVoided bool RO
voidedDate datetime RO
voidedByResourceID int RO
taxRegionName s200 RO
taxGroup int RO NQ
batchID int RO
invoiceEditorTemplateID int RO
creatorResourceID int RO
invoiceStatus int RO
invoiceTaxMethodExternalCode s100 RO
`

const billingItemFields = `
id long RO
billingItemType int RO PL
subType int RO PL
itemName s255 RO
description s2000 RO
quantity double RO
rate double RO
extendedPrice double RO
totalAmount double RO
ourCost double RO
taxDollars double RO
internalCurrencyRate double RO
internalCurrencyExtendedPrice double RO
internalCurrencyTotalAmount double RO
internalCurrencyTaxDollars double RO
itemDate date RO
postedDate datetime RO
postedOnTime datetime RO
invoiceID int RO ->Invoices
companyID int RO ->Companies
contractID int RO ->Contracts
contractServiceID int RO ->ContractServices
contractServicePeriodID int RO
contractServiceAdjustmentID int RO
contractServiceBundleID int RO ->ContractServiceBundles
contractServiceBundlePeriodID int RO
contractServiceBundleAdjustmentID int RO
serviceID long RO ->Services
serviceBundleID long RO ->ServiceBundles
vendorID long RO ->Companies
contractChargeID long RO ->ContractCharges
projectChargeID long RO
ticketChargeID long RO
billingCodeID int RO ->BillingCodes
taxCategoryID int RO ->TaxCategories
purchaseOrderNumber s50 RO
nonBillable int RO
lineItemFullDescription s8000 RO NQ
lineItemGroupDescription s8000 RO NQ
sortOrderID long RO
configurationItemID int RO
roleID int RO
ticketID int RO
taskID int RO
projectID int RO
timeEntryID int RO
expenseItemID int RO
milestoneID int RO
contractBlockID int RO
itemApproverID int RO
accountManagerWhenApprovedID int RO
organizationalLevelAssociationID int RO
webServiceDate datetime
`
