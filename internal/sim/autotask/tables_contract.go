package autotask

// Field tables of contracts and everything below them (Autotask sheet §5.2, §5.4–§5.7, §5.9, §5.16).

const contractFields = `
id long RO
companyID int R RO* ->Companies
contractName s100 R
contractType int R RO* PL
status int R PL
startDate date R
endDate date R
timeReportingRequiresStartAndStopTimes int R PL
contractPeriodType int RO* PL:periodType
contractNumber s50
contractCategory int PL
description s2000
contactID int ->Contacts
contactName s250
serviceLevelAgreementID int PL:serviceLevelAgreement
purchaseOrderNumber s50
billingPreference int PL =2
setupFee double
setupFeeBillingCodeID long ->BillingCodes
internalCurrencySetupFee double RO
internalCurrencyOverageBillingRate double RO
overageBillingRate double
estimatedCost double
estimatedHours double
estimatedRevenue double
opportunityID int ->Opportunities
renewedContractID long ->Contracts
exclusionContractID long RO ->Contracts
contractExclusionSetID int ->ContractExclusionSets
billToCompanyID int ->Companies
billToCompanyContactID int ->Contacts
organizationalLevelAssociationID int
isDefaultContract bool =false
isCompliant bool =true
lastModifiedDateTime datetime RO
`

const contractServiceFields = `
id long RO
contractID int R RO* ->Contracts
serviceID int R RO* ->Services
unitPrice double RO
unitCost double
adjustedPrice double HIDDEN
internalCurrencyUnitPrice double RO
internalCurrencyAdjustedPrice double RO
internalDescription s100
invoiceDescription s1000
quoteItemID long RO
`

const contractServiceAdjustmentFields = `
id long RO
contractServiceID int ->ContractServices
contractID int ->Contracts
serviceID int ->Services
effectiveDate date R
unitChange int R
adjustedUnitPrice double
adjustedUnitCost double
allowRepeatService bool
quoteItemID int ->QuoteItems
`

const contractServiceUnitFields = `
id long RO
contractID int RO ->Contracts
serviceID int RO ->Services
contractServiceID int RO ->ContractServices
startDate date RO
endDate date RO
units int RO
price double RO
cost double RO
internalCurrencyPrice double RO
approveAndPostDate datetime RO
vendorCompanyID int RO ->Companies
organizationalLevelAssociationID int RO
`

const contractServiceBundleFields = `
id long RO
contractID int R RO* ->Contracts
serviceBundleID int R RO* ->ServiceBundles
unitPrice double RO
adjustedPrice double
internalCurrencyUnitPrice double RO
internalCurrencyAdjustedPrice double RO
internalDescription s100
invoiceDescription s1000
quoteItemID long RO
`

const contractServiceBundleAdjustmentFields = `
id long RO
contractServiceBundleID int ->ContractServiceBundles
contractID int ->Contracts
serviceBundleID int ->ServiceBundles
effectiveDate date R
unitChange int R
adjustedUnitPrice double
allowRepeatServiceBundle bool
quoteItemID int ->QuoteItems
`

const contractServiceBundleUnitFields = `
id long RO
contractID int RO ->Contracts
serviceBundleID int RO ->ServiceBundles
contractServiceBundleID int RO ->ContractServiceBundles
startDate date RO
endDate date RO
units int RO
price double RO
cost double RO
internalCurrencyPrice double RO
approveAndPostDate datetime RO
organizationalLevelAssociationID int RO
`

const contractChargeFields = `
id long RO
contractID long R RO* ->Contracts
name s100 R
datePurchased date R
chargeType int R PL
unitQuantity double R
billingCodeID long ->BillingCodes
productID long ->Products
description s2000
notes s2000
unitCost double
unitPrice double
extendedCost double RO
billableAmount double RO
isBillableToCompany bool
isBilled bool RO
status long RO PL
statusLastModifiedBy int RO
statusLastModifiedDate datetime RO
purchaseOrderNumber s50
internalPurchaseOrderNumber s50
contractServiceID long ->ContractServices
contractServiceBundleID long ->ContractServiceBundles
internalCurrencyUnitPrice double RO
internalCurrencyBillableAmount double RO
createDate datetime RO
creatorResourceID int RO
organizationalLevelAssociationID int RO
`

const contractNoteFields = `
id long RO
contractID int R RO* ->Contracts
title s250 R
description s8000 R
creatorResourceID int RO
createDateTime datetime RO
lastActivityDate datetime RO
`
